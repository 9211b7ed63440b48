package deploy

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"bluegate/deploy/model"
)

// hookRun is a hook that was run, with what it was told.
type hookRun struct {
	argv  string
	facts map[string]string
	lines int // how many calls had changed anything
}

// Run implements Runner.
func (p *process) Run(ctx context.Context, argv, env []string) ([]byte, int, error) {
	p.mu.Lock()
	p.endIfDead()
	run := hookRun{argv: strings.Join(argv, " "), facts: map[string]string{}, lines: len(p.lines)}
	for _, fact := range env {
		name, value, _ := strings.Cut(fact, "=")
		run.facts[name] = value
	}
	p.ran = append(p.ran, run)
	p.mu.Unlock()
	if p.runs == nil {
		return nil, 0, ctx.Err()
	}
	return p.runs(ctx, argv)
}

// hooked gives each moment a hook that is called after it.
func hooked(s *Settings) {
	h := model.Hooks{Commands: map[model.Moment][][]string{}, Timeout: time.Minute}
	for _, m := range []model.Moment{model.BeforeUp, model.BeforeSwitch, model.AfterSwitch, model.OnFailure, model.AfterAll} {
		h.Commands[m] = [][]string{{"./hook", string(m)}}
	}
	s.Hooks = map[model.Colour]model.Hooks{model.Blue: h, model.Green: h}
}

func ranHooks(p *process) string {
	var all []string
	for _, run := range p.ran {
		all = append(all, strings.TrimPrefix(run.argv, "./hook "))
	}
	return strings.Join(all, " ")
}

func TestHooks(t *testing.T) {
	only := func(moment model.Moment, output string, code int, err error) func(context.Context, []string) ([]byte, int, error) {
		return func(_ context.Context, argv []string) ([]byte, int, error) {
			if argv[1] != string(moment) {
				return nil, 0, nil
			}
			return []byte(output), code, err
		}
	}
	for _, test := range []struct {
		name     string
		set      func(*fakeEngine, *process)
		outcome  model.Outcome
		exit     int
		live     model.Colour
		ran      string
		reasons  string
		findings string
	}{
		{"all pass", func(*fakeEngine, *process) {}, model.Promoted, 0, model.Green, "before_up before_switch after_switch after_all", "", ""},
		{"before_up fails", func(_ *fakeEngine, p *process) { p.runs = only(model.BeforeUp, "no", 3, nil) }, model.Refused, 3, model.Blue, "before_up on_failure after_all", "hook-failed", ""},
		{"before_switch fails", func(_ *fakeEngine, p *process) { p.runs = only(model.BeforeSwitch, "no", 3, nil) }, model.Refused, 3, model.Blue, "before_up before_switch on_failure after_all", "hook-failed", ""},
		{"before_up cannot be run", func(_ *fakeEngine, p *process) { p.runs = only(model.BeforeUp, "", 0, errors.New("no such file")) }, model.Refused, 3, model.Blue, "before_up on_failure after_all", "hook-failed", ""},
		{"after_switch fails", func(_ *fakeEngine, p *process) { p.runs = only(model.AfterSwitch, "no", 3, nil) }, model.Promoted, 0, model.Green, "before_up before_switch after_switch after_all", "", "hook-failed"},
		{"after_all fails", func(_ *fakeEngine, p *process) { p.runs = only(model.AfterAll, "no", 3, nil) }, model.Promoted, 0, model.Green, "before_up before_switch after_switch after_all", "", "hook-failed"},
		{"the release is refused", func(w *fakeEngine, _ *process) { w.lives["was-green"] = exitsAfter(time.Second, 1) }, model.Refused, 3, model.Blue, "before_up on_failure after_all", "exited was-green shop-was-green-1", ""},
		{"refused before it began", func(w *fakeEngine, _ *process) { w.nginx.refusal = model.Refuse(model.ConfigNotLoaded, "x") }, model.Refused, 3, model.None, "on_failure after_all", "config-not-loaded", ""},
		{"someone else holds the lock", func(w *fakeEngine, _ *process) { w.locks["shop"] = w.process() }, model.Locked, 6, model.None, "", "", ""},
		{"interrupted", func(w *fakeEngine, p *process) { p.after("start was-green", time.Second, func() { p.cancel(sigterm) }) }, model.Interrupted, 143, model.Blue, "before_up on_failure after_all", "", ""},
	} {
		story(t, test.name, func(t *testing.T, w *fakeEngine) {
			p := w.process()
			hooked(&p.settings)
			test.set(w, p)
			r := p.deploy()
			ends(t, r, test.outcome, test.exit, test.live)
			if got := ranHooks(p); got != test.ran {
				t.Errorf("ran %s, want %s", got, test.ran)
			}
			if codes(r) != test.reasons || findings(r) != test.findings {
				t.Errorf("reasons %q, findings %q; want %q, %q", codes(r), findings(r), test.reasons, test.findings)
			}
			if len(r.Hooks) != len(p.ran) {
				t.Errorf("%d hooks in the report, %d ran", len(r.Hooks), len(p.ran))
			}
		})
	}
}

// TestHookFacts: a hook knows what the report knows at its moment.
func TestHookFacts(t *testing.T) {
	story(t, "refused", func(t *testing.T, w *fakeEngine) {
		w.lives["was-green"] = exitsAfter(time.Second, 1)
		p := w.process()
		hooked(&p.settings)
		r := p.deploy()
		want := map[string]string{
			"BLUEGATE_COMMAND": "deploy", "BLUEGATE_PROJECT": "shop", "BLUEGATE_RELEASE": r.Release, "BLUEGATE_PHASE": "before_up", "BLUEGATE_FROM": "blue", "BLUEGATE_TO": "green",
			"BLUEGATE_LIVE": "blue", "BLUEGATE_OUTCOME": "", "BLUEGATE_EXIT_CODE": "", "BLUEGATE_REASONS": "", "BLUEGATE_MESSAGE": "",
		}
		if got := p.ran[0].facts; !maps.Equal(got, want) {
			t.Errorf("before_up: %v, want %v", got, want)
		}
		maps.Copy(want, map[string]string{"BLUEGATE_PHASE": "on_failure", "BLUEGATE_OUTCOME": "refused", "BLUEGATE_EXIT_CODE": "3", "BLUEGATE_REASONS": "exited", "BLUEGATE_MESSAGE": r.Message})
		if got := p.ran[1].facts; !maps.Equal(got, want) {
			t.Errorf("on_failure: %v, want %v", got, want)
		}
		if p.ran[1].lines != len(w.lines) {
			t.Errorf("on_failure ran before everything was undone")
		}
	})
}

// TestHookEvidence: what a hook printed is shown, its end and neutralised; one that does not end is ended.
func TestHookEvidence(t *testing.T) {
	story(t, "output", func(t *testing.T, w *fakeEngine) {
		p := w.process()
		hooked(&p.settings)
		p.runs = func(context.Context, []string) ([]byte, int, error) {
			return []byte(strings.Repeat("noise\n", 100) + "\n::error::migration \x1b[31mfailed\n"), 2, nil
		}
		r := p.deploy()
		h := r.Hooks[0]
		if len(h.Output) != 20 || !slices.Contains(h.Output, "| ::error::migration [31mfailed") || h.ExitCode != 2 {
			t.Errorf("%+v", h)
		}
		if why := r.Reasons[0]; !strings.Contains(why.Message, "./hook before_up") || !strings.Contains(why.Message, "exit code 2") || !strings.Contains(why.LastProbe, "migration") {
			t.Errorf("%+v", why)
		}
	})
	story(t, "timeout", func(t *testing.T, w *fakeEngine) {
		p := w.process()
		hooked(&p.settings)
		p.runs = func(ctx context.Context, argv []string) ([]byte, int, error) {
			if argv[1] == string(model.BeforeSwitch) {
				<-ctx.Done()
			}
			return nil, 0, ctx.Err()
		}
		r := p.deploy()
		ends(t, r, model.Refused, 3, model.Blue)
		if !strings.Contains(r.Reasons[0].Message, "did not end within 1m0s") {
			t.Errorf("%s", r.Reasons[0])
		}
	})
}

// TestDryRunRunsNoHook and asks no check, but says which there are.
func TestDryRunRunsNoHook(t *testing.T) {
	story(t, "dry run", func(t *testing.T, w *fakeEngine) {
		p := w.process()
		hooked(&p.settings)
		asksHTTP(t, &p.settings, nil)
		r := p.do((*Deployer).DryRun)
		ends(t, r, model.Planned, 0, model.Blue)
		if len(p.ran)+len(p.asked) > 0 {
			t.Errorf("ran %v, asked %v", p.ran, p.asked)
		}
		if len(r.Plan.Hooks) != 5 || r.Plan.Hooks[0] != "before_up: ./hook before_up" || len(r.Plan.Checks) != 1 || r.Plan.Checks[0] != "GET http://was-green:8080/health from nginx" {
			t.Errorf("hooks %q, checks %q", r.Plan.Hooks, r.Plan.Checks)
		}
	})
}

// TestPreStopHooksThatFail: they keep nothing from being stopped, and are told of.
func TestPreStopHooksThatFail(t *testing.T) {
	story(t, "of the old colour", func(t *testing.T, w *fakeEngine) {
		w.preStopFails = errors.New("pre_stop[0] of shop-was-blue-1 exited with code 1")
		r := w.process().deploy()
		ends(t, r, model.Promoted, 0, model.Green)
		if !strings.Contains(findings(r), "pre-stop-failed") || len(w.running(model.Blue)) > 0 {
			t.Errorf("findings %q, %v run", findings(r), w.running(model.Blue))
		}
	})
	story(t, "of a release that is refused", func(t *testing.T, w *fakeEngine) {
		w.preStopFails, w.nginx.rejects = errors.New("pre_stop[0] of shop-was-green-1 exited with code 1"), "unexpected }"
		r := w.process().deploy()
		ends(t, r, model.Refused, 3, model.Blue)
		if !strings.Contains(findings(r), "pre-stop-failed") || r.Undo.Status != "ok" {
			t.Errorf("findings %q, undo %+v", findings(r), r.Undo)
		}
	})
}
