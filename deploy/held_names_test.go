package deploy

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"bluegate/deploy/model"
	"bluegate/deploy/report"
)

// CanHold implements NameHolder.
func (p *process) CanHold(ctx context.Context, _ string, names []model.HeldName) error {
	if len(names) > 0 && p.cannotHold != nil {
		return p.cannotHold
	}
	return p.ask(ctx)
}

// Hold implements NameHolder.
func (p *process) Hold(ctx context.Context, _, _ string, names []model.HeldName) error {
	var hosts []string
	for _, n := range names {
		hosts = append(hosts, n.Host)
	}
	slices.Sort(hosts)
	p.mu.Lock()
	same := slices.Equal(hosts, p.names)
	p.mu.Unlock()
	if same {
		return p.ask(ctx)
	}
	return p.change(ctx, strings.TrimSpace("hold "+strings.Join(hosts, " ")), func() { p.names = hosts })
}

// HeldNames implements NameHolder.
func (p *process) HeldNames(ctx context.Context, _ string) (*model.NamesReport, error) {
	if err := p.ask(ctx); err != nil || len(p.names) == 0 {
		return nil, err
	}
	return &model.NamesReport{Container: "bluegate-names-shop", Hosts: slices.Clone(p.names), Networks: []string{"shop_default"}}, nil
}

// pairedWays are all ways where nginx's files name both colours for good.
func pairedWays() (all []way) {
	for _, w := range slices.Concat(ways, waysBack) {
		set := w.set
		w.set = func(w *fakeEngine, s *Settings) {
			w.paired, w.names = true, []string{"signal-green", "was-green"} // as an earlier deployment left it
			set(w, s)
		}
		all = append(all, w)
	}
	return all
}

// After every command nginx could be restarted, and no name of a colour that it is pointed at leads to the holder.
func TestNamesAreHeldAtTheEnd(t *testing.T) {
	for _, way := range pairedWays() {
		story(t, way.name, func(t *testing.T, w *fakeEngine) {
			p := w.process()
			way.set(w, &p.settings)
			r := way.run(p)
			if r.ExitCode != way.exit {
				t.Errorf("exit %d (%s: %s), want %d", r.ExitCode, r.Outcome, r.Message, way.exit)
			}
			w.told(t, r)
			w.restartable()
			w.settled(t)
		})
	}
}

func TestNamesAreHeldAfterAnInterruption(t *testing.T) {
	cutWays(t, pairedWays(), fault{kind: signalInside}, func(t *testing.T, w *fakeEngine, r *report.Report) {
		w.told(t, r)
		w.settled(t)
	})
}

func TestNamesAreHeldAfterAKill(t *testing.T) {
	for _, kind := range []faultKind{killedBefore, killedAfter} {
		cutWays(t, pairedWays(), fault{kind: kind}, func(t *testing.T, w *fakeEngine, _ *report.Report) { w.settled(t) })
		cutWays(t, pairedWays(), fault{kind: kind}, func(t *testing.T, w *fakeEngine, _ *report.Report) { // a deployment that is refused after it has settled
			w.nginx.mend()
			clear(w.lives)
			time.Sleep(time.Second)
			p := w.process()
			p.pullFails = model.Refuse(model.PullFailed, "no such tag")
			w.told(t, p.deploy())
		})
	}
}

func TestNamesAreHeldAfterAFailure(t *testing.T) {
	for _, kind := range []faultKind{failsBefore, failsInAnswer} {
		cutWays(t, pairedWays(), fault{kind: kind, err: errors.New("disk full"), asks: true}, func(t *testing.T, w *fakeEngine, r *report.Report) {
			w.told(t, r)
			w.settled(t)
		})
	}
}

// Names are held before what has them is stopped, and given back before the release starts.
func TestNamesInTheirOrder(t *testing.T) {
	for name, test := range map[string]struct {
		set  func(*fakeEngine)
		want string
	}{
		"promoted": {func(*fakeEngine) {}, "hold, start was-green, start signal-green, write green, hold signal-blue was-blue, retire shop-was-blue-1, retire shop-signal-blue-1"},
		"promoted again": {func(w *fakeEngine) { w.names = []string{"signal-green", "was-green"} },
			"hold, start was-green, start signal-green, write green, hold signal-blue was-blue, retire shop-was-blue-1, retire shop-signal-blue-1"},
		"refused": {func(w *fakeEngine) {
			w.names = []string{"signal-green", "was-green"}
			w.lives["was-green"] = exitsAfter(time.Second, 3)
		}, "hold, start was-green, start signal-green, hold signal-green was-green, remove shop-was-green-1, remove shop-signal-green-1"},
	} {
		story(t, name, func(t *testing.T, w *fakeEngine) {
			w.paired = true
			test.set(w)
			w.process().deploy()
			began := slices.Index(w.lines, "create signal-green")
			if began < 0 {
				t.Fatalf("%q", w.lines)
			}
			var got []string
			for _, line := range w.lines[began:] {
				if verb, _, _ := strings.Cut(line, " "); slices.Contains([]string{"start", "write", "hold", "retire", "remove"}, verb) {
					got = append(got, line)
				}
			}
			if text := strings.Join(got, ", "); text != test.want {
				t.Errorf("got  %s\nwant %s", text, test.want)
			}
		})
	}
}

// Where the names could not be held nothing is touched.
func TestNamesThatCannotBeHeld(t *testing.T) {
	story(t, "deploy", func(t *testing.T, w *fakeEngine) {
		w.paired, w.cannotHold = true, model.Refuse(model.AddressLeftOver, "nginx is on no network of was-blue")
		r := w.process().deploy()
		if r.ExitCode != 3 || codes(r) != "address-left-over" || slices.ContainsFunc(w.lines, func(line string) bool { return strings.HasPrefix(line, "pull") }) {
			t.Errorf("exit %d, %s: %s\n%s", r.ExitCode, codes(r), r.Message, strings.Join(w.lines, "\n"))
		}
	})
}

// status names the container that holds names, and says when nginx could not start again.
func TestStatusTellsOfNames(t *testing.T) {
	story(t, "held", func(t *testing.T, w *fakeEngine) {
		w.paired = true
		if r := w.process().do((*Deployer).Status); !strings.Contains(findings(r), "names-not-held") || r.Names != nil {
			t.Errorf("before: %+v %+v", r.Findings, r.Names)
		}
		if r := w.process().settle(); r.ExitCode != 0 {
			t.Fatal(r.Message)
		}
		r := w.process().do((*Deployer).Status)
		if strings.Contains(findings(r), "names-not-held") || r.Names == nil || r.Names.Container != "bluegate-names-shop" || !slices.Equal(r.Names.Hosts, []string{"signal-green", "was-green"}) {
			t.Errorf("after: %+v %+v", r.Findings, r.Names)
		}
	})
}
