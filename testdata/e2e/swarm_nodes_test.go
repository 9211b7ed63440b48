package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"bluegate/deploy/model"
	"bluegate/testdata/pace"
	"bluegate/testdata/shop/load"
	"bluegate/testdata/stand"
)

// apart keeps the tasks of a deployment off a node: AVOID=node3 bluegate deploy.
func apart(_, text string) string {
	return strings.ReplaceAll(text, "endpoint_mode: dnsrr}", `endpoint_mode: dnsrr, placement: {constraints: ["node.hostname != ${AVOID:-none}"]}}`)
}

// ready waits until all nodes take part in the Swarm.
func ready(t *testing.T) {
	t.Helper()
	pace.Until(t, "all nodes are ready", func() error {
		out, err := stand.Docker("node", "ls", "--format", "{{.Status}} {{.ManagerStatus}}")
		if n := strings.Count(out, "Ready Reachable") + strings.Count(out, "Ready Leader"); err != nil || n != 3 {
			return fmt.Errorf("%s, %w", out, err)
		}
		return nil
	})
}

// answered wants every request to be answered, of those that are made after the addresses of the tasks were settled.
func (s *shop) answered() {
	s.t.Helper()
	nothingLost(s.t, s.sample(), load.NoKeepAlive, load.KeepAlive)
}

// A node is gone while a release waits in the gate, with some of the release's tasks. The Swarm starts them on another
// node, and the gate begins again or refuses. The live colour, which is on the other nodes, loses nothing.
func nodeKilledInTheGate(t *testing.T) {
	leadElsewhere(t, 3)
	s := newSwarm(t, stand.Options{Edit: apart, Config: "gate: {stable: 10s, timeout: 3m}\n"})
	s.deploys(0, model.Started, []string{"AVOID=node3"}, "blue")
	if err := s.StartNginx(); err != nil {
		t.Fatal(err)
	}
	kinds := []load.Kind{load.NoKeepAlive, load.KeepAlive}
	stop := s.load(load.Options{Kinds: kinds, Rate: 60})
	b := s.start([]string{"VERSION=v2"}, "deploy", "--format", "json")
	b.until("healthy")
	if on := onNode(t, 3, "ps", "-q", "--filter", "name="+s.Stack("green")); on == "" {
		t.Fatal("no task of the release is on node 3")
	}
	node(t, "kill", 3)
	t.Cleanup(func() { ready(t) })
	code := b.end(0)
	node(t, "start", 3)
	ready(t)
	live := s.run(nil, "status").Report.Live
	t.Logf("exit code %d, live %s\n%s", code, live, b.text())
	if !(code == 0 && live == model.Green) && !(code == 3 && live == model.Blue) {
		t.Errorf("exit code %d, live %s", code, live)
	}
	nothingLost(t, stop(), kinds...)
	s.nothingLeft()
}

// A node is gone at the moment of the switch, with some of the new colour's tasks. What the exit code says is true, and
// settle makes nginx know the tasks that the Swarm started instead.
func nodeKilledAtTheSwitch(t *testing.T) {
	leadElsewhere(t, 3)
	s := newSwarm(t, stand.Options{Edit: apart, Config: unhurried})
	s.deploys(0, model.Started, []string{"AVOID=node3"}, "blue")
	if err := s.StartNginx(); err != nil {
		t.Fatal(err)
	}
	var report bytes.Buffer
	cmd := s.Command(t.Context(), []string{"VERSION=v2"}, "deploy", "--format", "json")
	cmd.Stdout = &report
	b := s.begin(cmd)
	b.until("switch")
	node(t, "kill", 3)
	b.shop.disturbed = true // the test itself took tasks away
	code := b.end(0)
	r := s.run(nil, "status")
	t.Logf("exit code %d, live %s\n%s\n%s", code, r.Report.Live, b.text(), &report)
	if named := strings.Contains(s.conf(), s.Stack("green")); named != (r.Report.Live == model.Green) || (code == 0) != named && code != 5 {
		t.Errorf("exit code %d, live %s, and nginx's files are\n%s", code, r.Report.Live, s.conf())
	}
	pace.Until(t, "settle", func() error {
		if r := s.run(nil, "settle"); r.Code != 0 {
			return errors.New(r.Report.Message)
		}
		resp, err := http.Get(s.URL + "/")
		if err != nil {
			return err
		}
		return resp.Body.Close()
	})
	s.answered()
	node(t, "start", 3)
	ready(t)
	s.disturbed = false
	s.nothingLeft()
}

// The manager that leads the Swarm is lost while a release waits in the gate. Nothing can be asked until another one is
// elected; then the gate continues. The live colour has no tasks there, and loses nothing.
func leaderLost(t *testing.T) {
	leader := leadElsewhere(t, 1)
	s := newSwarm(t, stand.Options{Edit: apart, Config: "gate: {stable: 10s, timeout: 4m}\n"})
	s.deploys(0, model.Started, []string{fmt.Sprintf("AVOID=node%d", leader)}, "blue")
	if err := s.StartNginx(); err != nil {
		t.Fatal(err)
	}
	kinds := []load.Kind{load.NoKeepAlive, load.KeepAlive}
	stop := s.load(load.Options{Kinds: kinds, Rate: 60})
	b := s.start([]string{"VERSION=v2"}, "deploy", "--format", "json")
	b.until("healthy")
	node(t, "crash", leader)
	code := b.end(0)
	node(t, "revive", leader)
	ready(t)
	t.Logf("exit code %d\n%s", code, b.text())
	if code == 5 || code == 7 { // an election took longer than a change may
		if r := s.run(nil, "settle"); r.Code != 0 {
			t.Errorf("settle: %d %s", r.Code, r.Report.Message)
		}
	} else if code != 0 && code != 3 {
		t.Errorf("exit code %d", code)
	}
	if live := s.run(nil, "status").Report.Live; (live == model.Green) != strings.Contains(s.conf(), s.Stack("green")) || live == model.None {
		t.Errorf("live %q, and nginx's files are\n%s", live, s.conf())
	}
	nothingLost(t, stop(), kinds...)
	s.nothingLeft()
}

// leadElsewhere makes another node than this one the Swarm's leader, and returns its number.
func leadElsewhere(t *testing.T, than int) (leader int) {
	t.Helper()
	other := than%3 + 1
	if leads(t) == than {
		onNode(t, other, "node", "demote", fmt.Sprintf("node%d", than))
		pace.Until(t, "the node is a manager again", func() error {
			_, err := stand.Docker("--host", os.Getenv(fmt.Sprintf("BLUEGATE_SWARM_NODE%d", other)), "node", "promote", fmt.Sprintf("node%d", than))
			return err
		})
		ready(t)
	}
	if leader = leads(t); leader == 0 || leader == than {
		t.Fatalf("node %d leads", leader)
	}
	return leader
}

// leads is the number of the node that leads; 0: none is known.
func leads(t *testing.T) int {
	t.Helper()
	for row := range strings.Lines(onNode(t, 2, "node", "ls", "--format", "{{.Hostname}} {{.ManagerStatus}}")) {
		if host, status, _ := strings.Cut(strings.TrimSpace(row), " "); status == "Leader" {
			return int(host[len(host)-1] - '0')
		}
	}
	return 0
}

// Two of three managers are gone: nothing can be changed in the Swarm. A deployment says so before it changes anything,
// users are served by the tasks on the third, and all works again once the managers are back.
func quorumLost(t *testing.T) {
	s := openSwarm(t, stand.Options{Edit: func(_, text string) string {
		return strings.ReplaceAll(text, "endpoint_mode: dnsrr}", `endpoint_mode: dnsrr, placement: {constraints: ["node.hostname == node1"]}}`)
	}})
	kinds := []load.Kind{load.NoKeepAlive, load.KeepAlive}
	before, conf := s.tasks(), s.conf()
	stop := s.load(load.Options{Kinds: kinds, Rate: 60})
	for _, n := range []int{2, 3} {
		node(t, "crash", n)
	}
	r := s.run([]string{"VERSION=v2"}, "deploy")
	if r.Code != 7 || r.Report.Outcome != model.Unreachable {
		t.Errorf("without a quorum: %d %s %s", r.Code, r.Report.Outcome, r.Report.Message)
	}
	t.Logf("it took %s: %s", r.Took.Round(time.Second), r.Report.Message)
	for _, n := range []int{2, 3} {
		node(t, "revive", n)
	}
	ready(t)
	if s.conf() != conf || fmt.Sprint(s.tasks()) != fmt.Sprint(before) {
		t.Errorf("it changed something: %v, before %v", s.tasks(), before)
	}
	s.deploys(0, model.Promoted, []string{"VERSION=v2"})
	record := stop()
	nothingLost(t, record, kinds...)
	colours(t, record, "blue", "green")
	s.nothingLeft()
}
