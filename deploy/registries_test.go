package deploy

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"bluegate/deploy/model"
	"bluegate/deploy/report"
)

// TestOffered: an engine that says of every image that it came from a registry. What no registry serves is used as it
// is, where no pull_policy insists; a dry run says the same as the deployment does.
func TestOffered(t *testing.T) {
	const ref = "shop/was-green:latest"
	silent := func(w *fakeEngine) { w.registrySilent = errors.New("connection refused") }
	unknown := func(w *fakeEngine) { delete(w.registry, ref) }
	absent := func(w *fakeEngine) { delete(w.tags, ref) }
	insists := func(w *fakeEngine) { w.app.Models[model.Green].Services[0].PullPolicy = model.PolicyAlways }
	for name, test := range map[string]struct {
		given    []func(*fakeEngine)
		noted    string // about the image, by the dry run
		deployed string // about the image, by the deployment
		refused  [2]bool
		pulls    bool // the dry run says that it is pulled
	}{
		"served":                        {pulls: true},
		"not served":                    {given: []func(*fakeEngine){unknown}, noted: "local-image", deployed: "local-image"},
		"not served, and insisted on":   {given: []func(*fakeEngine){unknown, insists}, refused: [2]bool{true, true}, pulls: true},
		"not served, and not there":     {given: []func(*fakeEngine){unknown, absent}, refused: [2]bool{true, true}, pulls: true},
		"silent":                        {given: []func(*fakeEngine){silent}, noted: "not-checked", deployed: "local-image", pulls: true},
		"silent, and insisted on":       {given: []func(*fakeEngine){silent, insists}, noted: "not-checked", refused: [2]bool{false, true}, pulls: true},
		"silent, and not there":         {given: []func(*fakeEngine){silent, absent}, noted: "not-checked", refused: [2]bool{false, true}, pulls: true},
		"served, and it does not come":  {given: []func(*fakeEngine){func(w *fakeEngine) { w.pullFails = errors.New("unexpected EOF") }}, refused: [2]bool{false, true}, pulls: true},
		"loaded, on a store that tells": {given: []func(*fakeEngine){unknown, func(w *fakeEngine) { w.loaded[w.tags[ref]], w.allPulled = true, false }}, noted: "local-image", deployed: "local-image"},
	} {
		story(t, name, func(t *testing.T, w *fakeEngine) {
			w.allPulled = true
			for _, do := range test.given {
				do(w)
			}
			p := w.process()
			p.settings.To = model.Green
			check := func(r *report.Report, code string, refused bool) {
				t.Helper()
				if (r.ExitCode == 3 && strings.Contains(codes(r), "pull-failed")) != refused || !refused && r.ExitCode != 0 {
					t.Errorf("%s: exit %d: %s", r.Command, r.ExitCode, r.Message)
				}
				for _, c := range []string{"local-image", "not-checked"} {
					noted := slices.ContainsFunc(r.Findings, func(f model.Finding) bool { return f.Code == c && strings.Contains(f.Message, ref) })
					if noted != (c == code) {
						t.Errorf("%s: %v, want %q", r.Command, r.Findings, code)
					}
				}
			}
			dry := p.do((*Deployer).DryRun)
			check(dry, test.noted, test.refused[0])
			if dry.ExitCode == 0 && slices.Contains(dry.Plan.Pull, ref) != test.pulls {
				t.Errorf("would pull %v", dry.Plan.Pull)
			}
			before := w.tags[ref]
			r := w.process().deploy()
			check(r, test.deployed, test.refused[1])
			if test.deployed == "local-image" && (w.tags[ref] != before || w.registrySilent == nil && w.tags["shop/signal-green:latest"] != "sha256:new-signal-green") {
				t.Errorf("the images are %v", w.tags)
			}
		})
	}
}
