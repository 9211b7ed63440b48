package e2e

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"bluegate/deploy/model"
	"bluegate/testdata/pace"
	"bluegate/testdata/sample"
	"bluegate/testdata/shop/load"
	"bluegate/testdata/stand"
)

// unhurried is quick for a gate that opens, and patient on a busy machine.
const unhurried = "gate: {stable: 500ms, timeout: 3m}\n"

// back calls `bluegate rollback` and wants an exit code and an outcome.
func (s *shop) back(code int, outcome model.Outcome, args ...string) stand.Result {
	s.t.Helper()
	r := s.run(nil, append([]string{"rollback"}, args...)...)
	if r.Code != code || r.Report.Outcome != outcome {
		s.t.Fatalf("bluegate rollback %v ended with %d %s, want %d %s\n%s\n%s", args, r.Code, r.Report.Outcome, code, outcome, r.Stdout, r.Stderr)
	}
	return r
}

// box is one of a colour's containers: its id, image, whether it runs, and its restart policy.
func (s *shop) box(service string) (id, image, state, policy string) {
	s.t.Helper()
	f := strings.Fields(inspect(s.t, s.Name+"-"+service+"-1", "{{.Id}} {{.Image}} {{.State.Status}} {{.HostConfig.RestartPolicy.Name}}"))
	return f[0], f[1], f[2], f[3]
}

// The previous release comes back from its own containers, through the gate, while users lose nothing; what was rolled
// back rests. A second rollback is refused, and so is one before which there was nothing.
func TestRollback(t *testing.T) {
	t.Parallel()
	s := openShop(t, stand.Options{Config: unhurried})
	r := s.back(2, model.Malformed)
	if !strings.Contains(r.Report.Message, "nothing to go back to") {
		t.Errorf("the message is %q", r.Report.Message)
	}
	blue, image, _, policy := s.box("was-blue")
	first := inspect(t, s.Name+"-was-blue-1", `{{index .Config.Labels "bluegate.release"}}`)
	stop := s.load(load.Options{})
	s.deploys(0, model.Promoted, []string{"VERSION=v2"})
	if id, _, state, now := s.box("was-blue"); id != blue || state != "exited" || now != "no" {
		t.Errorf("the retired colour: kept %t, %s, restart policy %s", id == blue, state, now)
	}

	before := s.picture()
	r = s.back(0, model.Planned, "--dry-run")
	if got := r.Report.Plan.Start; len(got) != 2 || len(r.Report.Plan.Stop) != 2 || len(r.Report.Plan.Create) > 0 || s.picture() != before {
		t.Errorf("the dry run plans to start %v, and changed something: %t", got, s.picture() != before)
	}
	r = s.back(0, model.Promoted)
	if r.Report.Live != model.Blue || r.Report.From != model.Green || r.Report.Release != first {
		t.Errorf("live %q, from %q, release %s, want %s", r.Report.Live, r.Report.From, r.Report.Release, first)
	}
	record := stop()
	nothingLost(t, record, load.AllKinds()...)
	colours(t, record, "blue", "green", "blue")
	if id, now, state, pol := s.box("was-blue"); id != blue || now != image || state != "running" || pol != policy {
		t.Errorf("what came back: kept %t, image %s, %s, restart policy %s, want %s", id == blue, now, state, pol, policy)
	}
	if _, _, state, policy := s.box("was-green"); state != "exited" || policy != "no" {
		t.Errorf("what was rolled back is %s with restart policy %s", state, policy)
	}

	r = s.back(2, model.Malformed)
	if !strings.Contains(r.Report.Message, "a rollback is not rolled back; deploy a new release with `bluegate deploy`") {
		t.Errorf("the message is %q", r.Report.Message)
	}
	s.nothingLeft()
}

// A refused release has taken the place of the kept containers, their tag names another image, and that image has lost
// its name: the previous release is recreated of what was kept, and Compose knows it as its own.
func TestRollbackOfWhatIsGone(t *testing.T) {
	sample.Test(t, 7)
	t.Parallel()
	s := newShop(t, stand.Options{Config: unhurried})
	tag := "bluegate-shop:moved-" + s.Name
	if err := stand.Tag(root, "moved-"+s.Name); err != nil { // an image of its own
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = stand.Docker("rmi", tag) })
	image := docker(t, "image", "inspect", "-f", "{{.Id}}", tag)
	t.Cleanup(func() { _, _ = stand.Docker("rmi", image) })
	version := "VERSION=moved-" + s.Name
	s.deploys(0, model.Started, []string{version}, "blue")
	if err := s.StartNginx(); err != nil {
		t.Fatal(err)
	}
	want := inspect(t, s.Name+"-was-blue-1", "{{json .Config.Env}} {{json .Config.Cmd}} {{json .Config.Healthcheck}} {{json .HostConfig.NetworkMode}}")
	labels := inspect(t, s.Name+"-was-blue-1", "{{json .Config.Labels}}")
	s.deploys(0, model.Promoted, []string{"VERSION=v2"})
	docker(t, "tag", "bluegate-shop:v2", tag)
	s.deploys(3, model.Refused, []string{"VERSION=v3"})
	if left := docker(t, "ps", "-aq", "--filter", "name=^/"+s.Name+"-was-blue"); left != "" {
		t.Fatalf("the refused release has left %s", left)
	}
	if out, err := stand.Docker("rmi", image); err == nil {
		t.Fatalf("the image that rollback needs could be removed: %s", out)
	}
	stop := s.load(load.Options{})
	if r := s.back(0, model.Planned, "--dry-run"); len(r.Report.Plan.Create) != 2 {
		t.Errorf("the dry run plans to create %v", r.Report.Plan.Create)
	}
	s.back(0, model.Promoted)
	record := stop()
	nothingLost(t, record, load.AllKinds()...)
	colours(t, record, "green", "blue")
	if _, now, state, policy := s.box("was-blue"); now != image || state != "running" || policy != "unless-stopped" {
		t.Errorf("what came back: image %s, want %s; %s, restart policy %s", now, image, state, policy)
	}
	if got := inspect(t, s.Name+"-was-blue-1", "{{json .Config.Env}} {{json .Config.Cmd}} {{json .Config.Healthcheck}} {{json .HostConfig.NetworkMode}}"); got != want {
		t.Errorf("it was made of\n%s\nwant\n%s", got, want)
	}
	if got := inspect(t, s.Name+"-was-blue-1", "{{json .Config.Labels}}"); got != labels {
		t.Errorf("its labels are\n%s\nwant\n%s", got, labels)
	}
	// And forward again, from what was recreated.
	s.deploys(0, model.Promoted, []string{"VERSION=v2"})
	s.nothingLeft()
}

// byHand starts a colour as someone does without bluegate.
func (s *shop) byHand(colour, version string, ports ...int) {
	s.t.Helper()
	for i, part := range []string{"was", "signal"} {
		name := part + "-" + colour
		health := "--health-interval=1s" // the image asks port 3000
		if ports[i] != 3000 {
			health = "--no-healthcheck"
		}
		docker(s.t, "run", "-d", "--name", s.Name+"-"+name+"-1", "--network", s.Name, "--network-alias", name, "--restart", "on-failure:5",
			"--label", "com.docker.compose.project="+s.Name, "--label", "com.docker.compose.service="+name, "--label", "com.docker.compose.oneoff=False",
			"--label", "com.docker.compose.container-number=1", "-e", "SERVICE="+part, "-e", "COLOUR="+colour, "-e", fmt.Sprintf("PORT=%d", ports[i]),
			health, "bluegate-shop:"+version)
	}
}

// What bluegate has not started itself is adopted when it retires, and comes back as well: from its containers, or again
// when someone removed them.
func TestRollbackToWhatWasStartedByHand(t *testing.T) {
	sample.Test(t, 7)
	t.Parallel()
	for _, gone := range []bool{false, true} {
		t.Run(fmt.Sprintf("gone %t", gone), func(t *testing.T) {
			t.Parallel()
			s := newShop(t, stand.Options{Config: "gate: {stable: 500ms, timeout: 3m, without_healthcheck: running}\n"})
			s.byHand("blue", "v1", 3000, 3001)
			if err := s.StartNginx(); err != nil {
				t.Fatal(err)
			}
			blue, _, _, _ := s.box("was-blue")
			s.deploys(0, model.Promoted, []string{"VERSION=v2"})
			if gone {
				docker(t, "rm", s.Name+"-was-blue-1", s.Name+"-signal-blue-1")
			}
			s.back(0, model.Promoted)
			if id, _, state, policy := s.box("was-blue"); (id == blue) == gone || state != "running" || policy != "on-failure" {
				t.Errorf("the same container %t, %s, restart policy %s", id == blue, state, policy)
			}
			if got := inspect(t, s.Name+"-was-blue-1", "{{.HostConfig.RestartPolicy.MaximumRetryCount}}"); got != "5" {
				t.Errorf("it is restarted %s times at most, want 5", got)
			}
			if record := s.sample(); !slices.Equal(record.Colours(), []string{"blue"}) {
				t.Errorf("the clients saw %v", record.Colours())
			}
			s.nothingLeft()
		})
	}
}

// With the old colour left running, a rollback needs only the switch.
func TestRollbackToWhatRuns(t *testing.T) {
	sample.Test(t, 7)
	t.Parallel()
	s := newShop(t, stand.Options{Config: unhurried + "old: {keep: running}\n"})
	s.deploys(0, model.Started, nil, "blue")
	if err := s.StartNginx(); err != nil {
		t.Fatal(err)
	}
	started := inspect(t, s.Name+"-was-blue-1", "{{.Id}} {{.State.StartedAt}}")
	s.deploys(0, model.Promoted, []string{"VERSION=v2"})
	s.back(0, model.Promoted)
	if got := inspect(t, s.Name+"-was-blue-1", "{{.Id}} {{.State.StartedAt}}"); got != started {
		t.Errorf("it was started again: %s, before %s", got, started)
	}
	if running := s.containers(); len(running) != 4 {
		t.Errorf("of both colours run %v", running)
	}
	if record := s.sample(); !slices.Equal(record.Colours(), []string{"blue"}) {
		t.Errorf("the clients saw %v", record.Colours())
	}
	s.nothingLeft()
}

// Someone pointed nginx back by hand after a run that was killed in its drain. Settle takes that for the decision that
// it is: what nginx serves stays, and the other colour is stopped.
func TestSettleTakesADecisionMadeByHand(t *testing.T) {
	sample.Test(t, 7)
	t.Parallel()
	s := newShop(t, stand.Options{Config: unhurried})
	s.deploys(0, model.Started, nil, "blue")
	if err := s.StartNginx(); err != nil {
		t.Fatal(err)
	}
	conf := s.conf()
	end := s.stream()
	b := s.start([]string{"VERSION=v2"}, "deploy")
	b.until("drain")
	b.end(syscall.SIGKILL)
	if err := os.WriteFile(s.Conf, []byte(conf), 0o644); err != nil {
		t.Fatal(err)
	}
	docker(t, "exec", s.Nginx, "nginx", "-s", "reload")
	if err := end(); err != nil {
		t.Errorf("the stream was cut: %v", err)
	}
	var r stand.Result
	pace.Until(t, "the reload has been applied", func() error {
		if r = s.run(nil, "settle"); r.Code != 0 {
			return errors.New(r.Report.Message)
		}
		return nil
	})
	if r.Report.Live != model.Blue || !strings.Contains(r.Report.Message, "made blue live again by hand") {
		t.Fatalf("settle: %d, live %q: %s", r.Code, r.Report.Live, r.Report.Message)
	}
	if got, want := s.containers(), []string{s.Name + "-signal-blue-1", s.Name + "-was-blue-1"}; !slices.Equal(got, want) {
		t.Errorf("after settle %v run, want %v", got, want)
	}
	s.nothingLeft()
}
