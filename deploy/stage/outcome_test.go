package stage

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"bluegate/deploy/model"
	"bluegate/deploy/report"
)

// TestConclude: which error means which outcome, at which point of the way.
func TestConclude(t *testing.T) {
	silent := &model.UnreachableError{What: "the engine", Err: errors.New("EOF")}
	refused := model.Refuse(model.Exited, "it exited")
	signalled, cancel := context.WithCancelCause(t.Context())
	sigterm := &InterruptedError{Signal: 15, Name: "SIGTERM"}
	cancel(sigterm)
	for _, test := range []struct {
		name string
		ctx  context.Context
		err  error
		run  Ended
		want string
	}{
		{"nothing", nil, nil, Ended{}, "promoted 0"},
		{"nothing, at first", nil, nil, Ended{Success: model.Started}, "started 0"},
		{"nothing, though a signal came at the end", signalled, nil, Ended{}, "promoted 0"},
		{"refused", nil, fmt.Errorf("gate: %w", refused), Ended{Stage: Changing}, "refused 3 exited"},
		{"invalid", nil, fmt.Errorf("load: %w", model.Invalid("no such colour")), Ended{}, "invalid 2"},
		{"invalid, and all was undone", nil, model.Invalid("no executable for linux/arm64"), Ended{Stage: Changing}, "refused 3"},
		{"invalid, after the switch", nil, model.Invalid("no executable for linux/arm64"), Ended{Stage: Promoted}, "needs-a-person 5"},
		{"invalid, with a code", nil, &model.InvalidError{Err: errors.New("x"), Reasons: []model.Reason{{Code: model.CannotCoexist}}}, Ended{}, "invalid 2 cannot-coexist"},
		{"locked", nil, &model.LockedError{Lock: "shop"}, Ended{}, "locked 6"},
		{"silent", nil, silent, Ended{}, "unreachable 7"},
		{"silent, and all was undone", nil, silent, Ended{Stage: Changing}, "refused 3"},
		{"silent, after the switch", nil, silent, Ended{Stage: Promoted}, "needs-a-person 5"},
		{"silent, and a person is needed", nil, &model.ManualActionError{Err: silent, Run: "x"}, Ended{}, "needs-a-person 5"},
		{"anything else", nil, errors.New("x"), Ended{}, "error 1"},
		{"anything else, after the switch", nil, errors.New("x"), Ended{Stage: Promoted}, "needs-a-person 5"},
		{"not switched", nil, &model.NotSwitchedError{Reason: model.Reason{Code: model.NginxNotSwitched}, Err: errors.New("x")}, Ended{Stage: Changing}, "refused 3 nginx-not-switched"},
		{"not switched, for a reason", nil, &model.NotSwitchedError{Reason: model.Reason{Code: model.NginxNotSwitched}, Err: refused}, Ended{Stage: Changing}, "refused 3 exited"},
		{"not switched, and it had been applied", nil, &model.NotSwitchedError{Reason: model.Reason{Code: model.NginxNotSwitched}, Applied: true}, Ended{Stage: RolledBack}, "rolled-back 4 nginx-not-switched"},
		{"a signal", signalled, sigterm, Ended{Stage: Changing}, "interrupted 143"},
		{"a signal, seen as another error", signalled, context.Canceled, Ended{Stage: Changing}, "interrupted 143"},
		{"a signal in the switch", signalled, &model.NotSwitchedError{Reason: model.Reason{Code: model.NginxNotSwitched}, Err: context.Canceled}, Ended{Stage: RolledBack}, "interrupted 143 nginx-not-switched"},
		{"a signal, and the undoing failed", signalled, &model.ManualActionError{Err: errors.Join(sigterm, errors.New("x"))}, Ended{}, "needs-a-person 5"},
	} {
		ended := test.run
		ended.Waits = func() string { return "" }
		if ended.Success == "" {
			ended.Success = model.Promoted
		}
		if test.ctx == nil {
			test.ctx = t.Context()
		}
		r := ended.Report(test.ctx, test.err, report.NewReport("deploy"))
		codes := ""
		for _, reason := range r.Reasons {
			codes += " " + string(reason.Code)
		}
		if got := fmt.Sprintf("%s %d%s", r.Outcome, r.ExitCode, codes); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}

// What a signal leaves is said: nothing, a release that waits, or an old colour that still runs.
func TestInterrupted(t *testing.T) {
	sigterm := &InterruptedError{Signal: 15, Name: "SIGTERM"}
	for _, test := range []struct {
		stage      Stage
		waits      string
		says, runs string
	}{
		{Changing, "", "interrupted by SIGTERM; what was begun was undone", ""},
		{Waiting, "release r1 waits", "interrupted by SIGTERM; release r1 waits", ""},
		{Promoted, "", "interrupted by SIGTERM; green is live, and blue still runs", "bluegate settle"},
	} {
		ended := Ended{Stage: test.stage, From: model.Blue, To: model.Green, Waits: func() string { return test.waits }}
		if r := ended.Report(t.Context(), sigterm, report.NewReport("deploy")); r.Message != test.says || r.Run != test.runs || r.ExitCode != 143 {
			t.Errorf("%q, run %q, exit %d", r.Message, r.Run, r.ExitCode)
		}
	}
}
