package judging

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"bluegate/deploy/judge"
	"bluegate/deploy/model"
)

// source tells of the requests of each window: how many of the new side were answered, and how many of them failed.
type source struct {
	windows [][2]int
	window  int
	told    int // records
	listens int
	ended   bool
}

const oldAddress, newAddress = "10.0.0.1:80", "10.0.0.2:80"

func (s *source) Requests(context.Context, int) (b judge.Batch, err error) {
	if s.listens++; s.window >= len(s.windows) {
		return b, nil
	}
	add := func(address string, status int) {
		s.told++
		b.Records = append(b.Records, judge.Record{ID: fmt.Sprint(s.told), Status: status, Request: "GET /", Attempts: []judge.Attempt{{Address: address, Status: status, Took: time.Millisecond}}})
	}
	answered, failed := s.windows[s.window][0], s.windows[s.window][1]
	for range answered {
		add(oldAddress, 200)
		add(newAddress, 200)
	}
	for range failed {
		add(newAddress, 500)
	}
	return b, nil
}

func (s *source) EndRequests(context.Context, int) error {
	s.ended = true
	return nil
}

func target(host string) []model.Target {
	return []model.Target{{Endpoint: model.Endpoint{Host: host, Port: 80}}}
}

// TestWatch: what becomes of a release whose requests pass, are worse, or do not tell.
func TestWatch(t *testing.T) {
	broken := errors.New("it exited")
	for name, test := range map[string]struct {
		windows  [][2]int // the first is what came before anyone watched
		tooFew   judge.Policy
		fails    error // what watch returns
		mores    int   // how often another window was asked for
		code     model.Code
		decision judge.Decision
	}{
		"good":                        {windows: [][2]int{{}, {200, 0}}, decision: judge.Passed},
		"worse":                       {windows: [][2]int{{}, {100, 100}}, decision: judge.Worse, code: model.Worse},
		"what came before is nothing": {windows: [][2]int{{0, 100}, {200, 0}}, decision: judge.Passed},
		"it failed by itself":         {windows: [][2]int{{}, {200, 0}}, fails: broken, decision: judge.Passed},
		"too few pass":                {windows: [][2]int{{}, {1, 0}}, tooFew: judge.Pass, decision: judge.CannotTell},
		"too few refuse":              {windows: [][2]int{{}, {1, 0}}, tooFew: judge.Refuse, decision: judge.CannotTell, code: model.TooFewRequests},
		"too few wait, and then pass": {windows: [][2]int{{}, {1, 0}, {200, 0}}, tooFew: judge.Wait, mores: 1, decision: judge.Passed},
		"too few wait for nothing":    {windows: [][2]int{{}, {1, 0}, {1, 0}, {1, 0}}, tooFew: judge.Wait, mores: 2, decision: judge.CannotTell, code: model.TooFewRequests},
	} {
		t.Run(name, func(t *testing.T) {
			s := &source{windows: test.windows}
			limits := judge.DefaultLimits()
			limits.TooFew = test.tooFew
			j := New(s, model.RequestLog{Port: 1}, limits)
			mores := 0
			v, err := j.Watch(t.Context(), target("10.0.0.1"), target("10.0.0.2"), func(ctx context.Context) error {
				s.window++
				if err := j.Look(ctx); err != nil {
					return err
				}
				return test.fails
			}, func(context.Context, judge.Verdict) error {
				mores++
				return nil
			})
			var code model.Code
			for _, r := range model.ReasonsOf(err) {
				code = r.Code
			}
			if v.Decision != test.decision || code != test.code || mores != test.mores || test.fails != nil && !errors.Is(err, test.fails) || test.fails == nil && test.code == "" && err != nil {
				t.Errorf("%s, %v, %d more windows", v.Decision, err, mores)
			}
		})
	}
}

// A window that cannot be had ends it, and what is known so far is told.
func TestWatchWithoutAnotherWindow(t *testing.T) {
	changed := errors.New("someone changed the configuration")
	s := &source{windows: [][2]int{{}, {1, 0}}}
	limits := judge.DefaultLimits()
	limits.TooFew = judge.Wait
	j := New(s, model.RequestLog{Port: 1}, limits)
	v, err := j.Watch(t.Context(), target("10.0.0.1"), target("10.0.0.2"), func(ctx context.Context) error {
		s.window++
		return j.Look(ctx)
	}, func(context.Context, judge.Verdict) error { return changed })
	if !errors.Is(err, changed) || v.Decision != judge.CannotTell {
		t.Errorf("%s, %v", v.Decision, err)
	}
	if j.End(t.Context()); !s.ended {
		t.Error("it still receives")
	}
}
