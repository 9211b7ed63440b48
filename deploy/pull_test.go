package deploy

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"bluegate/deploy/gate"
	"bluegate/deploy/model"
)

// TestPullPolicy: what each policy means for an image that is not on the engine, one that came from a registry and one
// that was built or loaded here.
func TestPullPolicy(t *testing.T) {
	const (
		pulled  = "pulled"
		local   = "local-image"
		skipped = "pull-skipped"
		used    = "used"
		refused = "refused"
	)
	for _, test := range []struct {
		policy              string
		noPull              bool
		absent, known, here string
	}{
		{"", false, pulled, pulled, local},
		{"always", false, pulled, pulled, pulled},
		{"missing", false, pulled, used, used},
		{"if_not_present", false, pulled, used, used},
		{"never", false, refused, skipped, skipped},
		{"build", false, refused, skipped, skipped},
		{"", true, refused, skipped, skipped},
		{"always", true, refused, skipped, skipped},
	} {
		for i, want := range []string{test.absent, test.known, test.here} {
			story(t, sprintf("policy %q, no pull %v, %d", test.policy, test.noPull, i), func(t *testing.T, w *fakeEngine) {
				s := &w.app.Models[model.Green].Services[0]
				s.PullPolicy = test.policy
				switch i {
				case 0:
					delete(w.tags, s.Image)
				case 2:
					w.loaded[w.tags[s.Image]] = true
				}
				p := w.process()
				p.settings.NoPull = test.noPull
				r := p.deploy()
				noted := func(code string) bool {
					return slices.ContainsFunc(r.Findings, func(f model.Finding) bool { return f.Code == code && strings.Contains(f.Message, s.Image) })
				}
				var got string
				switch {
				case r.ExitCode == 3 && codes(r) == "pull-failed":
					got = refused
				case slices.Contains(w.lines, "pull was-green"):
					got = pulled
				case noted(local):
					got = local
				case noted(skipped):
					got = skipped
				default:
					got = used
				}
				if got != want || (got == refused) != (r.ExitCode != 0) {
					t.Errorf("%s (exit %d: %s), want %s", got, r.ExitCode, r.Message, want)
				}
			})
		}
	}
}

// TestBuild: what is built is built before anything is started, and given back like what was pulled.
func TestBuild(t *testing.T) {
	building := func(w *fakeEngine) *model.Service {
		s := &w.app.Models[model.Green].Services[0]
		s.Build = true
		w.builds = map[string]string{s.Image: "sha256:built"}
		return s
	}
	for name, test := range map[string]struct {
		policy string
		absent bool
		built  bool
	}{
		"by default":              {"", false, true},
		"for the first time":      {"", true, true},
		"policy build":            {"build", false, true},
		"policy missing, there":   {"missing", false, false},
		"policy missing, absent":  {"missing", true, true},
		"policy never, there":     {"never", false, false},
		"policy never, not there": {"never", true, true},
		"policy always":           {"always", false, true}, // as Compose does: what cannot be pulled is built
	} {
		story(t, name, func(t *testing.T, w *fakeEngine) {
			s := building(w)
			s.PullPolicy = test.policy
			if test.absent {
				delete(w.tags, s.Image)
			}
			r := w.process().deploy()
			ends(t, r, model.Promoted, 0, model.Green)
			build, create := slices.Index(w.lines, "build was-green"), slices.Index(w.lines, "create was-green")
			if (build >= 0) != test.built || build > create {
				t.Errorf("built at %d, created at %d of\n%s", build, create, strings.Join(w.lines, "\n"))
			}
		})
	}
	story(t, "a build that fails", func(t *testing.T, w *fakeEngine) {
		building(w)
		w.buildFails = &model.RefusedError{Reasons: []model.Reason{{Code: model.BuildFailed, Service: "was-green", Message: "exit code 1", LogTail: []string{"no such file"}}}}
		r := w.process().deploy()
		ends(t, r, model.Refused, 3, model.Blue)
		if codes(r) != "build-failed was-green" || len(r.Reasons[0].LogTail) != 1 || slices.Contains(w.lines, "create was-green") || !maps.Equal(w.tags, w.before) {
			t.Errorf("%s %q %v, before %v\n%s", codes(r), r.Reasons[0].LogTail, w.tags, w.before, strings.Join(w.lines, "\n"))
		}
	})
	story(t, "a release that fails gives the tag back", func(t *testing.T, w *fakeEngine) {
		building(w)
		w.lives["was-green"] = exitsAfter(time.Second, 1)
		ends(t, w.process().deploy(), model.Refused, 3, model.Blue)
		if !maps.Equal(w.tags, w.before) {
			t.Errorf("%v, before %v", w.tags, w.before)
		}
	})
}

// TestNothingToPull: then nothing is journaled as pulled, and a failed release gives nothing back.
func TestNothingToPull(t *testing.T) {
	story(t, "refused", func(t *testing.T, w *fakeEngine) {
		w.lives["was-green"] = exitsAfter(time.Second, 1)
		p := w.process()
		p.settings.NoPull = true
		ends(t, p.deploy(), model.Refused, 3, model.Blue)
		done(t, w, `
			lock shop
			journal starting
			remove shop-was-green-1
			remove shop-signal-green-1
			create was-green
			create signal-green
			start was-green
			start signal-green
			rehearse green
			remove shop-was-green-1
			remove shop-signal-green-1
			journal closed
			close
			unlock shop`)
		if !maps.Equal(w.tags, w.before) {
			t.Errorf("%v", w.tags)
		}
	})
}

// TestImagesGivenBack: the tags are as they were before the release that failed.
func TestImagesGivenBack(t *testing.T) {
	story(t, "one that was not there before, and two services of one image", func(t *testing.T, w *fakeEngine) {
		services := w.app.Models[model.Green].Services
		services[1].Image = services[0].Image
		delete(w.tags, services[0].Image)
		w.lives["was-green"] = exitsAfter(0, 1)
		p := w.process()
		p.onLine = func(line string) {
			if line == "journal pulling" {
				if got := w.book().Current.Images; len(got) != 1 || got[0] != (model.PulledImage{Ref: services[0].Image}) {
					t.Errorf("journaled before the pull: %+v", got)
				}
			}
		}
		r := p.deploy()
		ends(t, r, model.Refused, 3, model.Blue)
		if _, there := w.tags[services[0].Image]; there {
			t.Error("the image is still there")
		}
	})
}

// TestNoHealthcheck: the image that is yet to be pulled may bring one; once it is known, nothing is started.
func TestNoHealthcheck(t *testing.T) {
	without := func(w *fakeEngine) { w.app.Models[model.Green].Services[0].Probe = nil }
	story(t, "known before the pull", func(t *testing.T, w *fakeEngine) {
		without(w)
		r := w.process().deploy()
		ends(t, r, model.Refused, 3, model.Blue)
		done(t, w, "lock shop \n unlock shop")
		if codes(r) != "no-healthcheck was-green" || !strings.Contains(r.Message, "healthcheck:") {
			t.Errorf("%q: %s", codes(r), r.Message)
		}
	})
	story(t, "known after the pull", func(t *testing.T, w *fakeEngine) {
		without(w)
		delete(w.tags, "shop/was-green:latest")
		r := w.process().deploy()
		ends(t, r, model.Refused, 3, model.Blue)
		done(t, w, `
			lock shop
			journal pulling
			pull was-green
			pull signal-green
			give back shop/was-green:latest
			give back shop/signal-green:latest
			journal closed
			unlock shop`)
	})
	story(t, "the image that is pulled brings one", func(t *testing.T, w *fakeEngine) {
		without(w)
		delete(w.tags, "shop/was-green:latest")
		w.probes = map[string]*gate.Probe{"sha256:new-was-green": {Interval: time.Second, Timeout: time.Second, Retries: 3}}
		ends(t, w.process().deploy(), model.Promoted, 0, model.Green)
	})
	story(t, "running suffices", func(t *testing.T, w *fakeEngine) {
		without(w)
		w.lives["was-green"] = append(healthyAfter(0), moment{0, func(s *gate.Sample) { s.Health = gate.HealthNone }})
		w.proven[model.Green] = true
		p := w.process()
		p.settings.RunningSuffices = true
		ends(t, p.deploy(), model.Promoted, 0, model.Green)
	})
	story(t, "a one-shot needs none", func(t *testing.T, w *fakeEngine) {
		without(w)
		w.app.Models[model.Green].Services[0].OneShot = true
		w.lives["was-green"] = exitsAfter(0, 0)
		w.proven[model.Green] = true
		ends(t, w.process().deploy(), model.Promoted, 0, model.Green)
	})
}
