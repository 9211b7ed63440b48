package deploy

import (
	"context"
	"errors"
	"strings"
	"testing"

	"bluegate/deploy/model"
	"bluegate/deploy/report"
)

// fakeNodes are machines of a cluster. nginx runs on one of them, and is attached to the cluster's network.
type fakeNodes struct {
	own    string
	down   bool  // the machine that the journal has
	moved  bool  // nginx is not on it any more
	silent error // the cluster does not answer
}

func (n fakeNodes) Own(context.Context) (string, error) { return n.own, n.silent }

func (n fakeNodes) Away(_ context.Context, at, nginx string, found bool) (string, error) {
	if n.down || found && n.moved || nginx != "edge-0123456789" {
		return "", n.silent
	}
	return "host-" + at, n.silent
}

// TestNginxOnAnotherNode: what nginx serves can be told on its own machine only. A command that changes something refuses
// on every other one, while that machine may serve users; a command that looks says where to ask.
func TestNginxOnAnotherNode(t *testing.T) {
	// left is a deployment on n1 that was killed. Someone makes the release live by hand, and nginx cannot be seen from n2.
	left := func(w *fakeEngine, on string, absent bool) {
		p := w.process()
		p.nodes, p.fault = fakeNodes{own: "n1"}, fault{kind: killedAfter, on: on}
		p.deploy()
		w.lines = nil
		if absent {
			w.nginx.state = model.RouterAbsent
		}
	}
	at := func(w *fakeEngine, n fakeNodes) *process {
		p := w.process()
		p.nodes = n
		return p
	}
	commands := map[string]func(*process) *report.Report{
		"settle": (*process).settle, "deploy": (*process).deploy, "rollback": (*process).rollback, "promote": (*process).promote, "abort": (*process).abort,
		"dry run": func(p *process) *report.Report { return p.do((*Deployer).DryRun) },
	}
	for _, phase := range []string{"pull was-green", "journal starting", "start was-green", "rehearse green", "journal switching", "journal switched"} {
		for name, command := range commands {
			for _, absent := range []bool{true, false} { // the second: this machine has an nginx of that name, too
				story(t, strings.Join([]string{name, phase}, ", "), func(t *testing.T, w *fakeEngine) {
					left(w, phase, absent)
					before := len(w.running(model.Green))
					r := command(at(w, fakeNodes{own: "n2"}))
					if r.Outcome != model.Unreachable || r.ExitCode != 7 || !strings.Contains(r.Message, "runs on node host-n1") {
						t.Errorf("%s, exit %d: %s", r.Outcome, r.ExitCode, r.Message)
					}
					if got := len(w.running(model.Green)); got != before {
						t.Errorf("of green run %d, and before %d", got, before)
					}
					if w.book().Current == nil {
						t.Error("the journal was closed")
					}
					for _, line := range w.lines {
						if line != "lock shop" && line != "sweep" && line != "unlock shop" {
							t.Errorf("it did: %s", line)
						}
					}
				})
			}
		}
	}
	for name, test := range map[string]struct {
		nodes  fakeNodes
		absent bool
		exit   int
		says   string
	}{
		"on its own node":                 {fakeNodes{own: "n1"}, false, 0, "it was removed"},
		"its node is down":                {fakeNodes{own: "n2", down: true}, true, 0, "it was removed"},
		"nginx was made again here":       {fakeNodes{own: "n2", moved: true}, false, 0, "it was removed"},
		"nginx is gone, and none is here": {fakeNodes{own: "n2", moved: true}, true, 7, "runs on node host-n1"},
		"the cluster does not say":        {fakeNodes{own: "n2", silent: &model.UnreachableError{What: "the Swarm", Err: errors.New("no leader")}}, true, 7, "no leader"},
	} {
		story(t, name, func(t *testing.T, w *fakeEngine) {
			left(w, "start was-green", test.absent)
			r := at(w, test.nodes).settle()
			if r.ExitCode != test.exit || !strings.Contains(r.Message, test.says) {
				t.Errorf("exit %d: %s", r.ExitCode, r.Message)
			}
			if removed := len(w.running(model.Green)) == 0; removed != (test.exit == 0) {
				t.Errorf("of green runs %v", w.running(model.Green))
			}
		})
	}
	story(t, "a release that waits", func(t *testing.T, w *fakeEngine) {
		p := at(w, fakeNodes{own: "n1"})
		p.settings.UntilPreview = true
		p.deploy()
		green := len(w.running(model.Green))
		w.nginx.state = model.RouterAbsent
		for name, command := range map[string]func(*process) *report.Report{"promote": (*process).promote, "abort": (*process).abort, "settle": (*process).settle} {
			r := command(at(w, fakeNodes{own: "n2"}))
			if r.ExitCode != 7 || !strings.Contains(r.Message, "runs on node host-n1") || len(w.running(model.Green)) != green {
				t.Errorf("%s: exit %d: %s; of green run %v", name, r.ExitCode, r.Message, w.running(model.Green))
			}
		}
		w.nginx.state = model.RouterRunning
		if r := at(w, fakeNodes{own: "n1"}).abort(); r.ExitCode != 0 || len(w.running(model.Green)) > 0 {
			t.Errorf("abort: exit %d: %s; of green run %v", r.ExitCode, r.Message, w.running(model.Green))
		}
		if i := w.book().Identity(); i.NginxNode != "n1" || i.NginxID == "" {
			t.Errorf("the journal has %+v", i)
		}
	})
	story(t, "status", func(t *testing.T, w *fakeEngine) {
		left(w, "start was-green", true)
		r := at(w, fakeNodes{own: "n2"}).do((*Deployer).Status)
		if r.ExitCode != 7 || r.Live != model.None || r.State != report.StateUnknown || !strings.Contains(r.LiveBy, `container "edge" runs on node host-n1`) || !strings.Contains(findings(r), "nginx-absent") {
			t.Errorf("exit %d, live %s, %s: %s; findings %q", r.ExitCode, r.Live, r.State, r.LiveBy, findings(r))
		}
	})
}
