package deploy

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"bluegate/deploy/model"
	"bluegate/deploy/report"
)

// What a prune has removed is said by each command that would have needed it.
func TestWhatAPruneRemovedIsSaid(t *testing.T) {
	story(t, "the kept release", func(t *testing.T, w *fakeEngine) {
		w.deployed(model.KeepStopped)
		w.remove(model.Blue)
		clear(w.archive)
		if r := w.process().do((*Deployer).Status); r.Rollback == nil || !strings.Contains(r.Rollback.Refused, "docker system prune") {
			t.Errorf("status: %+v", r.Rollback)
		}
		if r := w.process().rollback(); r.ExitCode != 2 || !strings.Contains(r.Message, "docker system prune") {
			t.Errorf("rollback: exit %d: %s", r.ExitCode, r.Message)
		}
		if r := w.process().deploy(); r.ExitCode != 0 || !strings.Contains(findings(r), "kept-was-removed") {
			t.Errorf("deploy: exit %d, findings %s: %s", r.ExitCode, findings(r), r.Message)
		}
	})
	story(t, "nothing", func(t *testing.T, w *fakeEngine) {
		w.deployed(model.KeepStopped)
		if r := w.process().deploy(); r.ExitCode != 0 || strings.Contains(findings(r), "kept-was-removed") || strings.Contains(findings(r), "journal-lost") {
			t.Errorf("deploy: exit %d, findings %s", r.ExitCode, findings(r))
		}
	})
	story(t, "the journal", func(t *testing.T, w *fakeEngine) {
		w.deployed(model.KeepStopped)
		w.journal = nil
		for name, command := range map[string]func(*Deployer, context.Context) *report.Report{"status": (*Deployer).Status, "deploy": (*Deployer).Run} {
			if r := w.process().do(command); r.ExitCode != 0 || !strings.Contains(findings(r), "journal-lost") {
				t.Errorf("%s: exit %d, findings %s: %s", name, r.ExitCode, findings(r), r.Message)
			}
			w.journal = nil
		}
	})
	story(t, "the lock, while it is held", func(t *testing.T, w *fakeEngine) {
		w.lives["was-green"] = healthyAfter(12 * time.Second)
		p := w.process()
		time.AfterFunc(6*time.Second, func() { p.loseBy("shop", errors.New("the lock was removed from the engine")) })
		if r := p.deploy(); r.ExitCode == 0 || !strings.Contains(r.Message, "the lock was removed from the engine: stopped acting") {
			t.Errorf("%s, exit %d: %s", r.Outcome, r.ExitCode, r.Message)
		}
	})
}
