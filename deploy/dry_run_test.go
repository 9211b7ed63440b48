package deploy

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"bluegate/deploy/model"
	"bluegate/deploy/report"
)

// What a dry run says is what the command does, wherever an earlier run was killed; and it changes nothing.
func TestDryRunAfterAKill(t *testing.T) {
	for _, test := range []struct {
		name string
		dry  func(*Deployer, context.Context) *report.Report
		real func(*process) *report.Report
	}{
		{"deploy", (*Deployer).DryRun, (*process).deploy},
		{"rollback", (*Deployer).RollbackDryRun, (*process).rollback},
	} {
		foreseen := 0
		for at, more := 1, true; more; at++ {
			story(t, sprintf("%s/%d", test.name, at), func(t *testing.T, w *fakeEngine) {
				w.deployed(model.KeepStopped) // so that there is a way back
				p := w.process()
				p.fault = fault{kind: killedAfter, at: at}
				if p.deploy() != nil {
					more = false
					return
				}
				if w.broken != nil {
					t.Fatal(w.broken)
				}
				time.Sleep(time.Minute)
				w.lines = nil
				journal, open := string(w.journal), w.book().Current != nil
				dry := w.process().do(test.dry)
				done(t, w, "")
				if string(w.journal) != journal {
					t.Error("the journal was written")
				}
				unknown := open && dry.ExitCode == 0 && (dry.Plan == nil || dry.Plan.BudgetMS == 0)
				if unknown && !strings.Contains(findings(dry), "would-settle") {
					t.Errorf("nothing is planned, and it does not say why: %q", findings(dry))
				}
				w.nginx.mend()
				did := test.real(w.process())
				if unknown {
					return
				}
				foreseen++
				if dry.ExitCode != did.ExitCode || dry.From != did.From || dry.To != did.To || did.ExitCode != 0 && !strings.Contains(did.Message, dry.Message) {
					t.Errorf("it would end with %d, from %q to %q: %s\nit ended with %d, from %q to %q: %s", dry.ExitCode, dry.From, dry.To, dry.Message, did.ExitCode, did.From, did.To, did.Message)
				}
				if dry.ExitCode == 0 && !sameNames(dry.Plan.Replace, did.Pruned.Replaced) {
					t.Errorf("it would remove %q, and it removed %q", dry.Plan.Replace, did.Pruned.Replaced)
				}
			})
		}
		if foreseen < 10 {
			t.Errorf("%s: only %d kills left something that could be foreseen", test.name, foreseen)
		}
	}
}

func sameNames(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// After an interrupted drain a rollback needs only the switch. Its dry run and status say so.
func TestForeseenAfterAnInterruptedDrain(t *testing.T) {
	story(t, "rollback", func(t *testing.T, w *fakeEngine) {
		w.nginx.hold = time.Hour
		p := w.process()
		time.AfterFunc(9*time.Second, func() { p.cancel(sigterm) })
		if r := p.deploy(); r.ExitCode != 143 {
			t.Fatalf("exit %d: %s", r.ExitCode, r.Message)
		}
		w.lines = nil
		r := w.process().do((*Deployer).RollbackDryRun)
		ends(t, r, model.Planned, 0, model.Green)
		if r.To != model.Blue || len(r.Plan.Replace)+len(r.Plan.Create)+len(r.Plan.Start) > 0 {
			t.Errorf("to %q, it plans %+v", r.To, r.Plan)
		}
		status := w.process().do((*Deployer).Status)
		if way := status.Rollback; way == nil || way.Refused != "" || way.Colour != model.Blue || len(way.Containers) != 2 || way.Containers[0].State != report.KeptRunning {
			t.Errorf("status says %+v", way)
		}
		// A deployment needs the colour that still drains.
		if r := w.process().do((*Deployer).DryRun); !strings.Contains(findings(r), "would-wait") {
			t.Errorf("the dry run of a deployment has the findings %q", findings(r))
		}
		done(t, w, "")
		w.nginx.hold = time.Second
		w.nginx.leaving[0].until = time.Now().Add(20 * time.Second)
		ends(t, w.process().rollback(), model.Promoted, 0, model.Blue)
	})
}
