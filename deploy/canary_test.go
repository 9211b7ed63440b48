package deploy

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"bluegate/deploy/judge"
	"bluegate/deploy/model"
	"bluegate/deploy/report"
)

// stepped is a step of a canary that is proven.
const stepped = `
	lock nginx-edge-0123456
	journal canary
	write canary
	reload
	journal canary
	unlock nginx-edge-0123456`

func TestCanaryStory(t *testing.T) {
	const upToSwitch = passed
	before, _, _ := strings.Cut(upToSwitch, "lock nginx-edge-0123456")
	story(t, "promoted", func(t *testing.T, w *fakeEngine) {
		w.nginx.canary = fakeCanary
		r := w.process().deploy()
		ends(t, r, model.Promoted, 0, model.Green)
		done(t, w, before+stepped+stepped+`
			lock nginx-edge-0123456
			journal canary
			write green
			reload
			journal switched
			unlock nginx-edge-0123456
			keep blue
			drain
			retire shop-was-blue-1
			retire shop-signal-blue-1
			journal closed
			close
			unlock shop`)
	})
}

// source tells of as many requests of green as it is told to, each time that it is asked.
type source struct {
	green, blue, failed int
	key                 func(int) string
	asked               int
}

func (s *source) Requests(context.Context, int) (b judge.Batch, err error) {
	add := func(address string, status int) {
		s.asked++
		b.Records = append(b.Records, judge.Record{ID: fmt.Sprint(s.asked), Status: status, Request: "GET /cart", Key: s.key(s.asked), Attempts: []judge.Attempt{{Address: address, Status: status, Took: time.Millisecond}}})
	}
	for i := range s.green {
		status := 200
		if i < s.failed {
			status = 500
		}
		add("was-green:8080", status)
	}
	for range s.blue {
		add("was-blue:8080", 200)
	}
	return b, nil
}

func (s *source) EndRequests(context.Context, int) error { return nil }

func TestJudgedByRequests(t *testing.T) {
	distinct := func(i int) string { return fmt.Sprint("client ", i) }
	for _, test := range []struct {
		name    string
		source  source
		limits  func(*judge.Limits)
		canary  bool
		outcome model.Outcome
		code    model.Code
		during  []string
	}{
		{name: "good", source: source{green: 30}, outcome: model.Promoted, during: []string{"bake"}},
		{name: "bad", source: source{green: 30, failed: 2}, outcome: model.RolledBack, code: model.Worse, during: []string{"bake"}},
		{name: "too few, refused", source: source{green: 1}, limits: func(l *judge.Limits) { l.TooFew = judge.Refuse }, outcome: model.RolledBack, code: model.TooFewRequests, during: []string{"bake"}},
		{name: "too few, passed", source: source{green: 1}, limits: func(l *judge.Limits) { l.TooFew = judge.Pass }, outcome: model.Promoted, during: []string{"bake"}},
		{name: "too few, and enough after a while", source: source{green: 4}, outcome: model.Promoted, during: []string{"bake"}},
		{name: "none at all", source: source{}, outcome: model.RolledBack, code: model.TooFewRequests, during: []string{"bake"}},
		{name: "a good canary", source: source{green: 20, blue: 100}, canary: true, outcome: model.Promoted, during: []string{"canary 5 %", "canary 25 %", "bake"}},
		{name: "a bad canary", source: source{green: 20, failed: 1, blue: 100}, canary: true, outcome: model.RolledBack, code: model.Worse, during: []string{"canary 5 %"}},
		{name: "one key", source: source{green: 20, blue: 100, key: func(int) string { return "172.18.0.1" }}, canary: true, outcome: model.RolledBack, code: model.CanaryKeyConstant, during: []string{"canary 5 %"}},
	} {
		story(t, test.name, func(t *testing.T, w *fakeEngine) {
			p := w.process()
			limits := judge.DefaultLimits()
			if test.limits != nil {
				test.limits(&limits)
			}
			p.settings.Judge, p.settings.Bake.For = &limits, 8*time.Second
			w.nginx.logs = true
			if test.canary {
				w.nginx.canary, p.settings.CanaryBy = fakeCanary, "$remote_addr"
			}
			if test.source.key == nil {
				test.source.key = distinct
			}
			r := p.do(func(d *Deployer, ctx context.Context) *report.Report {
				d.Requests = &test.source
				return d.Run(ctx)
			})
			if r.Outcome != test.outcome || test.code != "" && (len(r.Reasons) == 0 || r.Reasons[0].Code != test.code) {
				t.Errorf("%s %+v, want %s %s", r.Outcome, r.Reasons, test.outcome, test.code)
			}
			var during []string
			for _, v := range r.Verdicts {
				during = append(during, v.During)
			}
			if !slices.Equal(during, test.during) {
				t.Errorf("verdicts %q, want %q", during, test.during)
			}
			if left := w.unclean(); len(left) > 0 {
				t.Errorf("left behind: %q", left)
			}
		})
	}
}

func TestNotLoggedIsRefusedBeforeAnything(t *testing.T) {
	story(t, "not logged", func(t *testing.T, w *fakeEngine) {
		p := w.process()
		limits := judge.DefaultLimits()
		p.settings.Judge, p.settings.Bake.For = &limits, 8*time.Second
		r := p.deploy()
		if r.Outcome != model.Refused || r.Reasons[0].Code != model.TooFewRequests || slices.Contains(w.lines, "start was-green") {
			t.Errorf("%s %+v", r.Outcome, r.Reasons)
		}
	})
}
