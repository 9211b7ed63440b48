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

// startGreen is green left running by an earlier deployment.
func (w *fakeEngine) startGreen() {
	w.beside = true
	for _, b := range w.boxes {
		if b.Colour == model.Green {
			b.began, b.stopped, b.RestartPol = time.Now(), time.Time{}, "always"
		}
	}
}

var leftAt = model.Mention{Place: "/etc/nginx/conf.d/ws.conf:3", Directive: "server", Text: "was-blue:9090"}

func mentionOf(colour model.Colour) []model.Mention {
	m := leftAt
	m.Colour, m.Text = colour, "was-"+string(colour)+":9090"
	return []model.Mention{m}
}

// A deployment that cannot tell which colour users are on is refused before anything is touched.
func TestLiveUnknown(t *testing.T) {
	for _, test := range []struct {
		name    string
		set     func(*fakeEngine)
		exit    int
		reasons string
		says    []string
	}{
		{"blue runs, and another file names it", func(w *fakeEngine) { w.nginx.mentions = mentionOf(model.Blue) }, 3, "live-unknown", []string{"containers of blue run", "ws.conf:3 (server was-blue:9090)"}},
		{"both run", (*fakeEngine).startGreen, 3, "live-unknown", []string{"containers of blue and green run", "mentions no address"}},
		{"none runs", func(w *fakeEngine) { w.wipe() }, 3, "switch-point-not-found", nil},
	} {
		story(t, test.name, func(t *testing.T, w *fakeEngine) {
			w.nginx.disk, w.nginx.loaded = "x", "x"
			test.set(w)
			for _, do := range []func(*Deployer, context.Context) *report.Report{(*Deployer).DryRun, (*Deployer).Run} {
				r := w.process().do(do)
				if r.Outcome != model.Refused || r.ExitCode != test.exit || codes(r) != test.reasons || r.Plan != nil {
					t.Errorf("%s, exit %d, %s, plan %v", r.Outcome, r.ExitCode, codes(r), r.Plan)
				}
				for _, words := range test.says {
					if !strings.Contains(r.Message, words) {
						t.Errorf("%q does not say %q", r.Message, words)
					}
				}
			}
			done(t, w, "lock shop \n unlock shop")
		})
	}
}

// What runs is not replaced or stopped while nginx's files name it anywhere.
func TestNothingThatIsNamedIsTouched(t *testing.T) {
	story(t, "the colour that would be replaced runs and is mentioned", func(t *testing.T, w *fakeEngine) {
		w.startGreen()
		w.nginx.mentions = mentionOf(model.Green)
		r := w.process().deploy()
		ends(t, r, model.Refused, 3, model.Blue)
		if codes(r) != "address-left-over" || !strings.Contains(r.Message, "ws.conf:3") {
			t.Errorf("%s: %s", codes(r), r.Message)
		}
		done(t, w, "lock shop \n unlock shop")
	})
	story(t, "mentioned for both colours", func(t *testing.T, w *fakeEngine) {
		w.startGreen()
		w.nginx.mentions = slices.Concat(mentionOf(model.Green), mentionOf(model.Blue))
		for i := range w.nginx.mentions {
			w.nginx.mentions[i].Paired = true
		}
		ends(t, w.process().deploy(), model.Promoted, 0, model.Green)
		w.beside = false
	})
	story(t, "the old colour is mentioned once it drains", func(t *testing.T, w *fakeEngine) {
		p := w.process()
		hooked(&p.settings)
		p.runs = func(_ context.Context, argv []string) ([]byte, int, error) {
			if argv[1] == string(model.AfterSwitch) {
				w.nginx.mentions = mentionOf(model.Blue)
			}
			return nil, 0, nil
		}
		r := p.deploy()
		ends(t, r, model.NeedsPerson, 5, model.Green)
		if len(w.running(model.Blue)) != 2 || !strings.Contains(r.Message, "still names blue at /etc/nginx/conf.d/ws.conf:3") {
			t.Errorf("%q runs: %s", w.running(model.Blue), r.Message)
		}
		w.nginx.mentions = nil
		ends(t, w.process().settle(), model.Settled, 0, model.Green)
	})
	story(t, "started by hand during a first deployment", func(t *testing.T, w *fakeEngine) {
		w.stopAll()
		w.nginx.state, w.spared = model.RouterStopped, model.Blue
		p := w.process()
		hooked(&p.settings)
		p.runs = func(_ context.Context, argv []string) ([]byte, int, error) {
			if argv[1] == string(model.BeforeUp) {
				for _, b := range w.boxes {
					if b.Colour == model.Blue {
						b.began, b.stopped = time.Now(), time.Time{}
					}
				}
			}
			return nil, 0, nil
		}
		r := p.deploy()
		if r.ExitCode == 0 || codes(r) != "live-unknown" || !slices.Contains(w.running(model.Blue), "shop-was-blue-1") {
			t.Errorf("%s %s: %s, %q runs", r.Outcome, codes(r), r.Message, w.running(model.Blue))
		}
		w.spared = model.Blue
	})
}

// Where a switch reloads nothing, no worker tells of what is still open to a colour that was left running.
func TestStillOpenBehindAFlag(t *testing.T) {
	held := func(w *fakeEngine) {
		w.startGreen()
		w.nginx.byFlag, w.nginx.counts = true, true
		w.nginx.leaving = []worker{{confOf(model.Green), time.Now().Add(time.Hour)}}
	}
	story(t, "refused", func(t *testing.T, w *fakeEngine) {
		held(w)
		for _, do := range []func(*Deployer, context.Context) *report.Report{(*Deployer).DryRun, (*Deployer).Run} {
			r := w.process().do(do)
			if r.ExitCode != 3 || codes(r) != "still-draining" || !strings.Contains(r.Message, "shop-was-green-1") || !strings.Contains(r.Message, "settle --cut") {
				t.Errorf("%s %s: %s", r.Outcome, codes(r), r.Message)
			}
		}
		if len(w.running(model.Green)) != 2 {
			t.Errorf("%q runs", w.running(model.Green))
		}
		w.nginx.leaving = nil
	})
	story(t, "cut", func(t *testing.T, w *fakeEngine) {
		held(w)
		w.cutting = true
		p := w.process()
		p.settings.Cut = true
		r := p.settle()
		if r.ExitCode != 0 || len(w.running(model.Green)) != 0 || len(w.running(model.Blue)) != 2 {
			t.Errorf("%s: %s; %q and %q run", r.Outcome, r.Message, w.running(model.Green), w.running(model.Blue))
		}
		w.nginx.leaving = nil
		ends(t, w.process().deploy(), model.Promoted, 0, model.Green)
		w.beside = false
	})
	story(t, "nothing is open", func(t *testing.T, w *fakeEngine) {
		held(w)
		w.nginx.leaving = nil
		ends(t, w.process().deploy(), model.Promoted, 0, model.Green)
		w.beside = false
	})
}
