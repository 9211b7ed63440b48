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

// TestDryRunIsWhatADeploymentDoes: what the dry run lists is pulled, replaced, created and stopped, and nothing else is.
func TestDryRunIsWhatADeploymentDoes(t *testing.T) {
	for _, way := range slices.Concat(ways, waysBack) {
		if way.exit != 0 {
			continue
		}
		story(t, way.name, func(t *testing.T, w *fakeEngine) {
			p := w.process()
			way.set(w, &p.settings)
			look := w.process()
			look.settings = p.settings
			dry := (*Deployer).DryRun
			if way.back {
				dry = (*Deployer).RollbackDryRun
			}
			foreseen := look.do(dry)
			if foreseen.Plan == nil { // what was left has to be settled first
				return
			}
			w.lines = nil
			if r := way.run(p); r.ExitCode != 0 {
				t.Fatalf("exit %d: %s", r.ExitCode, r.Message)
			}
			done := map[string][]string{}
			begins := slices.IndexFunc(w.lines, func(line string) bool { return line == "journal pulling" || line == "journal starting" })
			for _, line := range w.lines[begins:] {
				verb, what, _ := strings.Cut(line, " ")
				if done["create"] != nil && verb == "remove" { // of the old colour
					verb = "let go"
				}
				done[verb] = append(done[verb], what)
			}
			var pull []string
			for _, ref := range foreseen.Plan.Pull {
				pull = append(pull, strings.TrimSuffix(strings.TrimPrefix(ref, "shop/"), ":latest"))
			}
			for verb, want := range map[string][]string{"pull": pull, "remove": foreseen.Plan.Replace, "retire": foreseen.Plan.Stop} {
				if got := done[verb]; !slices.Equal(got, want) && len(got)+len(want) > 0 {
					t.Errorf("%s: %q, foreseen were %q", verb, got, want)
				}
			}
			if way.back {
				return
			}
			if got := len(done["create"]); got != len(foreseen.Plan.Create) {
				t.Errorf("%d created, foreseen were %q", got, foreseen.Plan.Create)
			}
		})
	}
}
