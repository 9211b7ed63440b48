package deploy

import (
	"errors"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"bluegate/deploy/gate"
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
		{"a killed run", func(w *fakeEngine) { w.killed(fault{kind: killedAfter, on: "start was-green"}) }, model.OK, "", "left-behind"},
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

func TestExamineProbe(t *testing.T) {
	here := model.Image{ID: "sha256:1"}
	quick := &gate.Probe{Interval: 2 * time.Second}
	with := func(s model.Service) model.Service { s.Name, s.Place = "was-green", "compose.yml:3"; return s }
	for _, test := range []struct {
		name    string
		service model.Service
		image   model.Image
		running bool
		want    string
		words   []string
	}{
		{"quick", with(model.Service{Probe: quick}), here, false, "", nil},
		{"the image's own, quick", with(model.Service{}), model.Image{ID: "x", Probe: quick}, false, "", nil},
		{"none", with(model.Service{Ports: []int{3000}}), here, false, "no-healthcheck", []string{"is refused", "  was-green:\n    healthcheck:\n", `http://127.0.0.1:3000/"]`}},
		{"none, and running suffices", with(model.Service{}), here, true, "no-healthcheck", []string{"passes by running"}},
		{"none, and the image is yet to be pulled", with(model.Service{}), model.Image{}, false, "", nil},
		{"disabled, and the image is yet to be pulled", with(model.Service{ProbeDisabled: true}), model.Image{}, false, "no-healthcheck", nil},
		{"none is needed", with(model.Service{OneShot: true}), here, false, "", nil},
		{"Docker's default interval", with(model.Service{Probe: &gate.Probe{Retries: 2}}), here, false, "slow-healthcheck", []string{"every 30s", "      interval: 2s"}},
		{"every 6 s by the image", with(model.Service{}), model.Image{ID: "x", Probe: &gate.Probe{Interval: 6 * time.Second}}, false, "slow-healthcheck", []string{"6s late"}},
		{"|| in a list", with(model.Service{Probe: quick, ProbeTest: []string{"CMD", "curl", "-f", "http://x", "||", "exit", "1"}}), here, false, "healthcheck-form", []string{`"|| exit 1" is handed to curl`}},
		{"a list for a shell", with(model.Service{}), model.Image{ID: "x", Probe: quick, ProbeTest: []string{"CMD-SHELL", `["/app", "check"] || exit 1`}}, false, "healthcheck-form", []string{"JSON list"}},
		{"the file's command stands before the image's", with(model.Service{Probe: quick, ProbeTest: []string{"CMD", "/healthcheck"}}), model.Image{ID: "x", ProbeTest: []string{"CMD-SHELL", `["/app"] || exit 1`}}, false, "", nil},
		{"a shell's own brackets", with(model.Service{Probe: quick, ProbeTest: []string{"CMD-SHELL", "[ -f /ready ] || exit 1"}}), here, false, "", nil},
		{"both of it", with(model.Service{Probe: &gate.Probe{Interval: time.Minute}, ProbeTest: []string{"CMD", "true", "||", "false"}}), here, false, "healthcheck-form slow-healthcheck", nil},
	} {
		var got []string
		text := ""
		for _, f := range examineProbe(test.service, test.image, test.running) {
			got = append(got, f.Code)
			text += f.Message + "\n" + f.Cost + "\n" + f.Remedy + "\n"
			if f.Place != "compose.yml:3" || f.Cost == "" || f.Remedy == "" {
				t.Errorf("%s: place %q, cost %q, remedy %q", test.name, f.Place, f.Cost, f.Remedy)
			}
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%s: found %q, want %q", test.name, got, test.want)
		}
		for _, words := range test.words {
			if !strings.Contains(text, words) {
				t.Errorf("%s: it does not say %q:\n%s", test.name, words, text)
			}
		}
	}
}

// A healthcheck that is pasted into the Compose file is YAML, and nothing is found of it any more.
func TestHealthcheckRemediesAreCarriedOut(t *testing.T) {
	for _, s := range []model.Service{
		{Name: "was-green"}, {Name: "was-green", Probe: &gate.Probe{Interval: time.Minute}, ProbeTest: []string{"CMD", "true"}},
		{Name: "was-green", Ports: []int{3000}, Probe: &gate.Probe{Interval: time.Second}, ProbeTest: []string{"CMD", "true", "||", "false"}},
	} {
		for _, f := range examineProbe(s, model.Image{ID: "sha256:1"}, false) {
			var file struct {
				Services map[string]struct {
					Healthcheck struct {
						Test     []string
						Interval string
					}
				}
			}
			if err := yaml.Unmarshal([]byte(f.Remedy), &file); err != nil {
				t.Fatalf("%s: %v\n%s", f.Code, err, f.Remedy)
			}
			got := file.Services["was-green"].Healthcheck
			interval, err := time.ParseDuration(got.Interval)
			if err != nil {
				t.Fatalf("%s: %v\n%s", f.Code, err, f.Remedy)
			}
			mended := s
			mended.Probe = &gate.Probe{Interval: interval}
			if len(got.Test) > 0 {
				mended.ProbeTest = got.Test
			}
			if again := examineProbe(mended, model.Image{ID: "sha256:1"}, false); len(again) > 0 {
				t.Errorf("%s: with its remedy there is %+v", f.Code, again)
			}
		}
	}
}
