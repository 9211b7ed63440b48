package observing

import (
	"context"
	"errors"
	"testing"

	"bluegate/deploy/model"
)

var (
	notLoaded = model.Refuse(model.ConfigNotLoaded, "it is not what nginx runs")
	broken    = model.Refuse(model.NginxTestFailed, "unexpected }")
	locked    = &model.LockedError{Lock: "nginx-edge"}
	errHeld   = errors.New("the engine did not answer")
)

// script answers with one error after the other.
func script(answers ...error) func() error {
	return func() error {
		answer := answers[0]
		answers = answers[1:]
		return answer
	}
}

// TestRehearse: what is not loaded is tested again once no other project's switch is under way, and nothing else is.
func TestRehearse(t *testing.T) {
	for name, test := range map[string]struct {
		answers    []error
		looks      bool // it takes no locks
		lock       error
		unreleased error
		want       error
		alone      int
	}{
		"it passes":                       {answers: []error{nil}},
		"it fails":                        {answers: []error{broken}, want: broken},
		"not loaded, and then it was":     {answers: []error{notLoaded, nil}, alone: 1},
		"not loaded, and still not":       {answers: []error{notLoaded, notLoaded}, want: notLoaded, alone: 1},
		"not loaded, for one that looks":  {answers: []error{notLoaded}, looks: true, want: notLoaded},
		"not loaded, and the lock is not": {answers: []error{notLoaded}, lock: locked, want: locked, alone: 1},
		"the lock is not given back":      {answers: []error{notLoaded, nil}, unreleased: errHeld, alone: 1},
	} {
		next, alone := script(test.answers...), 0
		through := func(do func(context.Context) error) (unreleased, err error) {
			if alone++; test.lock != nil {
				return nil, test.lock
			}
			return test.unreleased, do(t.Context())
		}
		if test.looks {
			through = nil
		}
		done := Rehearse(t.Context(), func(context.Context) ([]model.Finding, error) { return nil, next() }, through)
		if !errors.Is(done.Err, test.want) || (done.Err == nil) != (test.want == nil) || !errors.Is(done.Unreleased, test.unreleased) || alone != test.alone {
			t.Errorf("%s: %+v, alone %d times", name, done, alone)
		}
	}
}

// router answers with one route after the other.
type router struct {
	model.Router
	next func() error
}

type nginx struct{ model.Nginx }

func (r router) Observe(context.Context, *model.Addresses) (model.Nginx, model.Route, error) {
	err := r.next()
	if model.Is[*model.RefusedError](err) {
		return nginx{}, model.Route{ID: "edge", Refusal: err}, nil
	}
	if err != nil {
		return nil, model.Route{}, err
	}
	return nginx{}, model.Route{ID: "edge"}, nil
}

// TestRoute: the same for what nginx serves. The nginx that was found stays known if the second look fails.
func TestRoute(t *testing.T) {
	for name, test := range map[string]struct {
		answers []error
		looks   bool
		refused bool
		err     error
		found   bool
	}{
		"as it is":                       {answers: []error{nil}, found: true},
		"refused for something else":     {answers: []error{broken}, refused: true, found: true},
		"not loaded, and then it was":    {answers: []error{notLoaded, nil}, found: true},
		"not loaded, for one that looks": {answers: []error{notLoaded}, looks: true, refused: true, found: true},
		"not loaded, and then silent":    {answers: []error{notLoaded, errHeld}, err: errHeld, found: true},
		"silent":                         {answers: []error{errHeld}, err: errHeld},
	} {
		o := Observer{Router: router{next: script(test.answers...)}}
		if !test.looks {
			o.Alone = func(ctx context.Context, id string, do func(context.Context) error) error {
				if id != "edge" {
					t.Errorf("%s: %q", name, id)
				}
				return do(ctx)
			}
		}
		found, route, err := o.Route(t.Context(), nil)
		if !errors.Is(err, test.err) || (err == nil) != (test.err == nil) || (found != nil) != test.found || (route.Refusal != nil) != test.refused {
			t.Errorf("%s: %v, %+v, %v", name, found, route, err)
		}
	}
}
