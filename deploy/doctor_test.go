package deploy

import (
	"errors"
	"testing"

	"bluegate/deploy/model"
	"bluegate/deploy/report"
)

func (p *process) doctor() *report.Report { return p.do((*Deployer).Doctor) }

// What would refuse a deployment is the doctor's exit code; what only costs something is not.
func TestDoctor(t *testing.T) {
	costly := model.Finding{Code: "keepalive-race", Place: "/etc/nginx/nginx.conf:12", Message: "m", Cost: "c", Remedy: "r"}
	for _, test := range []struct {
		name     string
		set      func(*fakeEngine)
		outcome  model.Outcome
		codes    string
		findings string
	}{
		{"all is well", nil, model.OK, "", ""},
		{"what nginx costs", func(w *fakeEngine) { w.nginx.examined = []model.Finding{costly} }, model.OK, "", "keepalive-race"},
		{"both colours are named", func(w *fakeEngine) {
			w.nginx.disk += confOf(model.Green)
			w.nginx.loaded = w.nginx.disk
			w.nginx.examined = []model.Finding{costly}
		}, model.Refused, "switch-point-ambiguous", "keepalive-race"},
		{"what runs is not what is on disk", func(w *fakeEngine) { w.nginx.refusal = model.Refuse(model.ConfigNotLoaded, "edited by hand") }, model.Refused, "config-not-loaded", ""},
		{"no nginx", func(w *fakeEngine) { w.nginx.state = model.RouterAbsent }, model.Unreachable, "", ""},
		{"nothing was ever deployed, and no nginx", func(w *fakeEngine) { w.wipe(); w.nginx.state = model.RouterAbsent }, model.OK, "", "nginx-absent"},
		{"a killed run", func(w *fakeEngine) { w.killed(fault{kind: killedAfter, on: "start was-green"}) }, model.OK, "", "left-behind would-settle"},
		{"a killed run whose switch nginx may have loaded", func(w *fakeEngine) { w.killed(fault{kind: killedAfter, on: "write green"}) }, model.OK, "", "left-behind would-settle"},
		{"a killed run whose release someone edited", func(w *fakeEngine) {
			w.killed(fault{kind: killedAfter, on: "write green"})
			w.nginx.disk += "# edited\n"
		}, model.NeedsPerson, "", "left-behind"},
	} {
		story(t, test.name, func(t *testing.T, w *fakeEngine) {
			if test.set != nil {
				test.set(w)
			}
			w.lines = nil
			r := w.process().doctor()
			done(t, w, "")
			if r.Outcome != test.outcome || r.ExitCode != test.outcome.ExitCode() || codes(r) != test.codes || findings(r) != test.findings {
				t.Errorf("%s, exit %d, reasons %q, findings %q: %s", r.Outcome, r.ExitCode, codes(r), findings(r), r.Message)
			}
		})
	}
}

// What observing found is said once, by who knows the remedy.
func TestDoctorSaysAFindingOnce(t *testing.T) {
	story(t, "not-persistent", func(t *testing.T, w *fakeEngine) {
		w.nginx.findings = []model.Finding{{Code: "not-persistent", Place: confFile, Message: "it lies in no mount"}, {Code: "not-switched", Place: confFile + ":4", Message: "m"}}
		w.nginx.examined = []model.Finding{{Code: "not-persistent", Place: confFile, Message: "it comes with the image", Remedy: "mount it"}}
		r := w.process().doctor()
		if findings(r) != "not-switched not-persistent" || r.Findings[1].Remedy != "mount it" {
			t.Errorf("findings %+v", r.Findings)
		}
	})
}

// A copy of nginx is started only when that was asked for, and a file that it writes again refuses.
func TestDoctorTriesARestart(t *testing.T) {
	undone := model.Finding{Code: model.RestartUndoes, Place: confFile, Message: "it is written again"}
	kept := model.Finding{Code: "restart-tried", Message: "it was kept"}
	for _, test := range []struct {
		name     string
		asked    bool
		found    model.Finding
		set      func(*fakeEngine)
		outcome  model.Outcome
		codes    string
		findings string
	}{
		{"not asked for", false, undone, nil, model.OK, "", ""},
		{"kept", true, kept, nil, model.OK, "", "restart-tried"},
		{"undone", true, undone, nil, model.Refused, "nginx-not-switched", model.RestartUndoes},
		{"undone, and refused anyway", true, undone, func(w *fakeEngine) { w.nginx.refusal = model.Refuse(model.ConfigNotLoaded, "edited by hand") }, model.Refused, "config-not-loaded", model.RestartUndoes},
		{"no nginx", true, undone, func(w *fakeEngine) { w.wipe(); w.nginx.state = model.RouterAbsent }, model.OK, "", "nginx-absent"},
	} {
		story(t, test.name, func(t *testing.T, w *fakeEngine) {
			if w.nginx.restarted = []model.Finding{test.found}; test.set != nil {
				test.set(w)
			}
			p := w.process()
			p.settings.TryRestart = test.asked
			if r := p.doctor(); r.Outcome != test.outcome || codes(r) != test.codes || findings(r) != test.findings {
				t.Errorf("%s, reasons %q, findings %q: %s", r.Outcome, codes(r), findings(r), r.Message)
			}
		})
	}
}

// An nginx that cannot be examined is no nginx in which nothing was found.
func TestDoctorCannotAsk(t *testing.T) {
	story(t, "examine fails", func(t *testing.T, w *fakeEngine) {
		w.nginx.examineFails = &model.UnreachableError{What: "nginx", Err: errors.New("EOF")}
		if r := w.process().doctor(); r.Outcome != model.Unreachable {
			t.Errorf("%s: %s", r.Outcome, r.Message)
		}
	})
}
