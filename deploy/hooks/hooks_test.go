package hooks

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bluegate/deploy/model"
	"bluegate/deploy/report"
)

// runner is a command of which is known what comes of it.
type runner func(context.Context) ([]byte, int, error)

func (r runner) Run(ctx context.Context, _, _ []string) ([]byte, int, error) { return r(ctx) }

// TestRun: what came of a command, and whether it refuses a release.
func TestRun(t *testing.T) {
	for name, test := range map[string]struct {
		does    runner
		status  string
		message string
		refuses bool
	}{
		"it succeeds": {does: func(context.Context) ([]byte, int, error) { return nil, 0, nil }, status: "ok"},
		"exit code":   {does: func(context.Context) ([]byte, int, error) { return []byte("x"), 3, nil }, status: "failed", message: "exit code 3", refuses: true},
		"no command":  {does: func(context.Context) ([]byte, int, error) { return nil, 0, errors.New("not found\x1b[31m") }, status: "failed", message: "not found", refuses: true},
		"too long": {does: func(ctx context.Context) ([]byte, int, error) {
			<-ctx.Done()
			return nil, -1, ctx.Err()
		}, status: "failed", message: "did not end within 10m0s", refuses: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := Run(t.Context(), test.does, model.BeforeUp, []string{"./migrate", "up"}, nil, 0)
				if h.Status != test.status || !strings.Contains(h.Message, test.message) || strings.Contains(h.Message, "\x1b") || h.Command != "./migrate up" || h.Hook != model.BeforeUp {
					t.Errorf("%+v", h)
				}
				if err := Refusal(t.Context(), h); model.Is[*model.RefusedError](err) != test.refuses {
					t.Errorf("%v", err)
				}
			})
		})
	}
}

// A command that a signal ended says nothing about the release.
func TestInterruptedRefusesNothing(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	signal := errors.New("interrupted by SIGTERM")
	cancel(signal)
	if err := Refusal(ctx, report.Hook{Status: "failed"}); !errors.Is(err, signal) {
		t.Error(err)
	}
}

func TestOutputIsItsEnd(t *testing.T) {
	var text strings.Builder
	for range 30 {
		text.WriteString("line\n\n")
	}
	text.WriteString("the last \x1b[31mone")
	h := Run(t.Context(), runner(func(context.Context) ([]byte, int, error) { return []byte(text.String()), 0, nil }), model.AfterAll, []string{"x"}, nil, time.Minute)
	if len(h.Output) != shownLines || !strings.HasPrefix(h.Output[shownLines-1], "the last ") || strings.Contains(h.Output[shownLines-1], "\x1b") {
		t.Errorf("%d lines, the last one %q", len(h.Output), h.Output[len(h.Output)-1])
	}
}

// What is told cannot be more variables than it is, and says what is known by now.
func TestEnvironment(t *testing.T) {
	r := report.NewReport("deploy")
	r.Project, r.Release, r.Message = "shop", "r1", "a\x00BLUEGATE_LIVE=green"
	r.Reasons = []model.Reason{{Code: model.Exited}, {Code: model.Timeout}}
	got := Environment(model.OnFailure, model.Blue, model.Green, model.None, r)
	for _, want := range []string{"BLUEGATE_COMMAND=deploy", "BLUEGATE_PROJECT=shop", "BLUEGATE_FROM=blue", "BLUEGATE_TO=green", "BLUEGATE_LIVE=", "BLUEGATE_EXIT_CODE=", "BLUEGATE_REASONS=exited timeout"} {
		if !slices.Contains(got, want) {
			t.Errorf("%q lacks %q", got, want)
		}
	}
	if slices.ContainsFunc(got, func(fact string) bool { return strings.ContainsRune(fact, 0) }) {
		t.Errorf("%q", got)
	}
	r.Finish(model.Refused)
	if got := Environment(model.AfterAll, model.Blue, model.Green, model.Blue, r); !slices.Contains(got, "BLUEGATE_EXIT_CODE=3") {
		t.Errorf("%q", got)
	}
}

func TestListed(t *testing.T) {
	got := Listed(func(m model.Moment) [][]string {
		if m == model.AfterSwitch {
			return nil
		}
		return [][]string{{"./hook", string(m)}}
	})
	want := []string{"before_up: ./hook before_up", "before_switch: ./hook before_switch", "on_failure: ./hook on_failure", "after_all: ./hook after_all"}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}
