package e2e

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"bluegate/deploy/model"
	"bluegate/testdata/pace"
	"bluegate/testdata/shop/load"
	"bluegate/testdata/stand"
)

// onlyOn keeps all tasks on one node.
func onlyOn(node string) func(string, string) string {
	return func(_, text string) string {
		return strings.ReplaceAll(text, "endpoint_mode: dnsrr}", fmt.Sprintf(`endpoint_mode: dnsrr, placement: {constraints: ["node.hostname == %s"]}}`, node))
	}
}

// users are clients that send requests until stop is called.
func (s *shop) users() (stop func()) {
	s.t.Helper()
	kinds := []load.Kind{load.NoKeepAlive, load.KeepAlive}
	record := s.load(load.Options{Kinds: kinds, Rate: 60})
	return func() {
		s.t.Helper()
		r := record()
		s.t.Logf("%s", r)
		nothingLost(s.t, r, kinds...)
	}
}

// true wants what a command said of the live colour to be what nginx's files say, and exit code 0 only for the new one.
func (s *shop) saysTheTruth(code int) {
	s.t.Helper()
	r := s.run(nil, "status")
	named := strings.Contains(s.conf(), s.Stack("green"))
	if r.Code != 0 || named != (r.Report.Live == model.Green) || (code == 0) != named && code != 5 {
		s.t.Errorf("exit code %d; status %d, live %q: %s; nginx's files are\n%s", code, r.Code, r.Report.Live, r.Report.LiveBy, s.conf())
	}
}

// undisturbed deploys on nodes 1 and 2, has users, and starts a second release on all nodes. It calls during once the progress
// of that says the word, and after when it has ended. Users lose nothing, what was said is true, and nothing is left.
func undisturbed(t *testing.T, word string, codes []int, during, after func(s *shop)) {
	t.Helper()
	leadElsewhere(t, 3)
	s := newSwarm(t, stand.Options{Edit: apart, Config: "gate: {stable: 10s, timeout: 3m}\n"})
	s.deploys(0, model.Started, []string{"AVOID=node3"}, "blue")
	if err := s.StartNginx(); err != nil {
		t.Fatal(err)
	}
	stop := s.users()
	b := s.start([]string{"VERSION=v2"}, "deploy", "--format", "json")
	b.until(word)
	during(s)
	s.disturbed = true // the test itself takes tasks away
	code := b.end(0)
	t.Logf("exit code %d\n%s", code, b.text())
	after(s)
	ready(t)
	s.disturbed = false
	if !slices.Contains(codes, code) {
		t.Errorf("exit code %d, want one of %v", code, codes)
	}
	if code == 5 || code == 7 {
		if r := s.run(nil, "settle"); r.Code != 0 {
			t.Errorf("settle: %d %s", r.Code, r.Report.Message)
		}
	}
	s.saysTheTruth(code)
	stop()
	s.nothingLeft()
}

// A node is cut off while a release waits in the gate, with some of its tasks, which continue to run there. The release is
// refused; the live colour, which is on the other nodes, loses nothing; what the node still ran is ended when it is back.
func nodeCutInTheGate(t *testing.T) {
	undisturbed(t, "healthy", []int{3}, func(*shop) {
		t.Cleanup(func() { node(t, "mend", 3); ready(t) })
		node(t, "cut", 3)
	}, func(s *shop) {
		node(t, "mend", 3)
		pace.Until(t, "node 3 ends what it ran of the release", func() error {
			if on := onNode(t, 3, "ps", "-q", "--filter", "name="+s.Stack("green")); on != "" {
				return fmt.Errorf("it runs %s", on)
			}
			return nil
		})
	})
}

// Someone drains a node while a release waits in the gate. The Swarm ends the release's tasks there and starts others: the
// release is refused, and the reason says what happened to the task and on which node.
func nodeDrainedInTheGate(t *testing.T) {
	undisturbed(t, "healthy", []int{3}, func(*shop) {
		docker(t, "node", "update", "--availability", "drain", "node3")
	}, func(*shop) {
		docker(t, "node", "update", "--availability", "active", "node3")
	})
}

// The managers are cut off from each other when the switch begins, and none of them leads any more: nothing can be written to
// the journal. Either nginx was switched before, or it is not; what is said is true. Once the network is back one
// settle leaves nothing to do. The tasks are on the node of nginx, and users lose nothing.
func leadershipLostAtTheSwitch(t *testing.T) {
	s := openSwarm(t, stand.Options{Edit: onlyOn("node1"), Config: unhurried})
	stop := s.users()
	each := func(does string) {
		for _, n := range []int{2, 3} {
			node(t, does, n)
		}
	}
	t.Cleanup(func() { each("mend"); ready(t) })
	b := s.start([]string{"VERSION=v2"}, "deploy", "--format", "json")
	b.until("switch")
	each("cut")
	code := b.end(0)
	named := strings.Contains(s.conf(), s.Stack("green"))
	each("mend")
	ready(t)
	t.Logf("exit code %d, nginx names green: %t\n%s", code, named, b.text())
	if code == 0 && !named {
		t.Errorf("it says that it was promoted, and nginx's files are\n%s", s.conf())
	}
	if code != 0 {
		pace.Until(t, "settle", func() error { // the lock of the one that could not give it back expires
			if r := s.run(nil, "settle"); r.Code != 0 {
				return fmt.Errorf("%d %s", r.Code, r.Report.Message)
			}
			return nil
		})
	}
	r := s.run(nil, "status")
	if named := strings.Contains(s.conf(), s.Stack("green")); r.Code != 0 || named != (r.Report.Live == model.Green) {
		t.Errorf("status %d, live %q, and nginx's files are\n%s", r.Code, r.Report.Live, s.conf())
	}
	stop()
	s.nothingLeft()
}

// Two managers are told to deploy at the same moment, several times. nginx is on one of them, and the other one refuses. At
// most one release is promoted, nobody waits for a lock that nobody holds, and users lose nothing.
func twoManagersAtOnce(t *testing.T) {
	s := openSwarm(t, stand.Options{Config: unhurried})
	stop := s.users()
	for round := range 3 {
		var both sync.WaitGroup
		var here, there stand.Result
		var failed, failedThere error
		both.Go(func() {
			here, failed = s.Run(t.Context(), []string{"VERSION=v2"}, "deploy", "--format", "json")
		})
		both.Go(func() {
			there, failedThere = s.Run(t.Context(), []string{"VERSION=v3", "DOCKER_HOST=" + os.Getenv("BLUEGATE_SWARM_NODE2")}, "deploy", "--format", "json")
		})
		both.Wait()
		if err := errors.Join(failed, failedThere); err != nil {
			t.Fatal(err)
		}
		t.Logf("round %d: here %d %s %s; there %d %s %s", round, here.Code, here.Report.Outcome, here.Report.Message, there.Code, there.Report.Outcome, there.Report.Message)
		if here.Code != 0 && here.Report.Outcome != model.Locked {
			t.Errorf("the manager with nginx: %d %s %s", here.Code, here.Report.Outcome, here.Report.Message)
		}
		if there.Code == 0 || there.Report.Outcome != model.Locked && there.Report.Outcome != model.Unreachable {
			t.Errorf("the other manager: %d %s %s", there.Code, there.Report.Outcome, there.Report.Message)
		}
	}
	s.deploys(0, model.Promoted, []string{"VERSION=v2"})
	stop()
	s.nothingLeft()
}

// The tasks, one on each of two nodes, are reached at ports of their node, and nginx names both nodes. Each colour has ports of
// its own. A switch changes the addresses of both nodes.
func portsOfANode(t *testing.T) {
	free := ports(t, 4)
	addresses := func(i int) []string { return []string{"198.18.0.1:" + free[i], "198.18.0.2:" + free[i]} }
	edit := func(_, text string) string {
		text = strings.ReplaceAll(text, "replicas: 2, endpoint_mode: dnsrr", `mode: global, endpoint_mode: dnsrr, placement: {constraints: ["node.hostname != node3"]}`)
		text = strings.Replace(text, "    networks: [edge]\n", "    networks: [edge]\n    ports: [{target: 3000, published: \"${WAS_PORT}\", protocol: tcp, mode: host}]\n", 1)
		return strings.Replace(text, "    <<: *service\n", "    <<: *service\n    ports: [{target: 3001, published: \"${SIGNAL_PORT}\", protocol: tcp, mode: host}]\n", 1)
	}
	s := newSwarm(t, stand.Options{Edit: edit, Conf: stand.ByAddresses(addresses(0), addresses(1))})
	config := strings.NewReplacer("{COLOUR: blue}", fmt.Sprintf("{COLOUR: blue, WAS_PORT: %q, SIGNAL_PORT: %q}", free[0], free[1]), "{COLOUR: green}", fmt.Sprintf("{COLOUR: green, WAS_PORT: %q, SIGNAL_PORT: %q}", free[2], free[3]))
	write(t, s.Dir+"/bluegate.yml", config.Replace(s.SwarmConfig(unhurried)))
	s.opened()
	stop := s.users()
	s.deploys(0, model.Promoted, []string{"VERSION=v2"})
	for i := range 2 {
		if conf := s.conf(); strings.Contains(conf, addresses(0)[i]) || strings.Contains(conf, addresses(1)[i]) || !strings.Contains(conf, addresses(2)[i]) || !strings.Contains(conf, addresses(3)[i]) {
			t.Errorf("nginx's files are\n%s", conf)
		}
	}
	s.back(0, model.Promoted)
	stop()
	s.nothingLeft()
}

// settleIsWhereNginxIs: a deployment was killed before its switch, and someone has pointed nginx at its release by hand. A
// settle from another manager cannot see that, and removes nothing; the one next to nginx accepts it.
func settleIsWhereNginxIs(t *testing.T) {
	s := openSwarm(t, stand.Options{Config: "gate: {stable: 60s, timeout: 4m}\n"})
	stop := s.users()
	b := s.start([]string{"VERSION=v2"}, "deploy")
	b.until("healthy")
	pace.Until(t, "all tasks of the release run", func() error {
		if out := docker(t, "stack", "ps", "--format", "{{.CurrentState}}", s.Stack("green")); strings.Count(out, "Running") != 4 {
			return fmt.Errorf("%s", out)
		}
		return nil
	})
	if err := b.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = b.cmd.Wait()
	write(t, s.Conf, strings.ReplaceAll(s.conf(), s.Stack("blue"), s.Stack("green")))
	docker(t, "exec", s.Nginx, "nginx", "-s", "reload")
	before := s.tasks()
	for _, n := range []string{"2", "3"} {
		elsewhere := []string{"DOCKER_HOST=" + os.Getenv("BLUEGATE_SWARM_NODE"+n)}
		for _, command := range []string{"settle", "deploy", "rollback"} {
			r := s.run(elsewhere, command)
			if r.Code != 7 && r.Report.Outcome != model.Locked || r.Code == 7 && !strings.Contains(r.Report.Message, "runs on node node1") {
				t.Errorf("%s on node %s: %d %s %s", command, n, r.Code, r.Report.Outcome, r.Report.Message)
			}
		}
		if r := s.run(elsewhere, "status"); r.Code != 7 || r.Report.Live != model.None || !strings.Contains(r.Report.LiveBy, "runs on node node1") {
			t.Errorf("status on node %s: %d, live %q: %s", n, r.Code, r.Report.Live, r.Report.LiveBy)
		}
	}
	if now := s.tasks(); !slices.Equal(now, before) {
		t.Errorf("what runs has changed: %v, before %v", now, before)
	}
	if r := s.run(nil, "settle"); r.Code != 0 || r.Report.Live != model.Green {
		t.Errorf("settle: %d %s, live %q", r.Code, r.Report.Message, r.Report.Live)
	}
	stop()
	s.nothingLeft()
}
