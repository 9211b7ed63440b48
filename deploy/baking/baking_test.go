package baking

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"bluegate/deploy/model"
)

var (
	away      = &model.UnreachableError{What: "nginx", Err: errors.New("it does not run")}
	refused   = &model.RefusedError{Reasons: []model.Reason{{Code: model.CheckFailed, Message: "503"}}}
	errBroken = errors.New("the helper has ended")
)

// script answers with one error after the other, and then with nil.
func script(answers ...error) func(context.Context) error {
	return func(context.Context) error {
		if len(answers) == 0 {
			return nil
		}
		answer := answers[0]
		answers = answers[1:]
		return answer
	}
}

func TestUntil(t *testing.T) {
	for name, test := range map[string]struct {
		prove, ask, judge []error
		want              error // nil: it asks until its time is over
		said              int
	}{
		"good":                                      {},
		"nginx away for a while is said once":       {prove: []error{away, away, away}, said: 1},
		"nginx away twice is said twice":            {prove: []error{away, nil, away}, said: 2},
		"a check that fails":                        {ask: []error{refused}, want: refused},
		"a check that fails as nginx restarts":      {prove: []error{nil, away}, ask: []error{refused}, said: 1},
		"a check that cannot be asked":              {ask: []error{errBroken}, said: 1},
		"a check that fails, and files were edited": {prove: []error{nil, ErrEdited}, ask: []error{refused}, want: ErrEdited},
		"edited":        {prove: []error{nil, nil, ErrEdited}, want: ErrEdited},
		"worse, judged": {judge: []error{nil, refused}, want: refused},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 20*Pause)
				defer cancel()
				said := 0
				r := Rounds{Prove: script(test.prove...), Ask: script(test.ask...), Judge: script(test.judge...), Say: func(string, ...any) { said++ }}
				if test.want == nil {
					test.want = context.DeadlineExceeded
				}
				if err := r.Until(ctx); !errors.Is(err, test.want) || said != test.said {
					t.Errorf("%v, said %d times", err, said)
				}
			})
		})
	}
}

func TestLast(t *testing.T) {
	person := errors.New("left as it is")
	for name, test := range map[string]struct {
		prove, adopt []error
		want         error
		manual       bool // a person is needed
		adopted      int
	}{
		"good":                           {},
		"nginx is back in time":          {prove: slices.Repeat([]error{away}, 20)},
		"nginx does not come back":       {prove: slices.Repeat([]error{away}, 60), want: away, manual: true},
		"edited, and adopted":            {prove: []error{ErrEdited}, adopted: 1},
		"edited, and not adopted":        {prove: []error{ErrEdited}, adopt: []error{person}, want: person, adopted: 1},
		"edited, and another's lock":     {prove: []error{ErrEdited}, adopt: []error{away}, adopted: 1},
		"not switched any more, by hand": {prove: []error{refused}, want: refused},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				adopted, adopt := 0, script(test.adopt...)
				r := Rounds{Release: model.Green, Prove: script(test.prove...), Ask: script(), Judge: script(), Adopt: func(ctx context.Context) error {
					adopted++
					return adopt(ctx)
				}}
				err := r.Last(t.Context())
				if !errors.Is(err, test.want) || (err == nil) != (test.want == nil) || model.Is[*model.ManualActionError](err) != test.manual || adopted != test.adopted {
					t.Errorf("%v, adopted %d times", err, adopted)
				}
			})
		})
	}
}

func TestLastEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stop := errors.New("interrupted")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(3*Pause, func() { cancel(stop) })
		r := Rounds{Prove: script(slices.Repeat([]error{away}, 60)...)}
		if err := r.Last(ctx); !errors.Is(err, stop) {
			t.Error(err)
		}
	})
}
