package gate_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"bluegate/deploy/gate"
)

// A history is what could be seen of a release, in the order of time. No two samples have the same one.
type history struct {
	expected []gate.Expected
	stable   time.Duration
	deadline time.Time
	samples  []gate.Sample
}

func (h *history) gate() *gate.Gate { return gate.New(h.expected, h.stable, h.deadline) }

func (h *history) end() time.Time { return h.samples[len(h.samples)-1].At }

// histories are mostly of containers that become good and stay so for a while: a gate that refuses at the second sample
// shows little.
var histories = rapid.Custom(func(t *rapid.T) history {
	h := history{
		stable:   time.Duration(rapid.IntRange(0, 5).Draw(t, "stable")) * time.Second,
		deadline: epoch.Add(time.Duration(rapid.IntRange(10, 60).Draw(t, "deadline")) * time.Second),
	}
	type container struct {
		gate.Expected
		newest gate.Sample
	}
	var containers []*container
	for i := range rapid.IntRange(1, 3).Draw(t, "services") {
		e := gate.Expected{Service: fmt.Sprint("s", i), Replicas: rapid.IntRange(1, 2).Draw(t, "replicas")}
		switch rapid.SampledFrom([]string{"probe", "one-shot", "running"}).Draw(t, "kind") {
		case "probe":
			e.Probe = &gate.Probe{Retries: 3}
		case "one-shot":
			e.OneShot = true
		case "running":
			e.RunningSuffices = true
		}
		h.expected = append(h.expected, e)
		for r := range e.Replicas {
			name := fmt.Sprintf("%s-%d", e.Service, r+1)
			containers = append(containers, &container{e, gate.Sample{ID: name, Name: name, Service: e.Service, StartedAt: epoch}})
		}
	}
	at := epoch
	for range rapid.IntRange(20, 60).Draw(t, "samples") {
		at = at.Add(time.Duration(rapid.IntRange(1, 15).Draw(t, "tenths")) * 100 * time.Millisecond)
		c := rapid.SampledFrom(containers).Draw(t, "container")
		c.newest = event(t, c.Expected, c.newest, at)
		h.samples = append(h.samples, c.newest)
	}
	return h
})

// event is what may be seen of a container after what was seen of it before. Small numbers are drawn more often, and so
// most events are good news.
func event(t *rapid.T, e gate.Expected, s gate.Sample, at time.Time) gate.Sample {
	s.At, s.State, s.FailingStreak = at, gate.StateRunning, 0
	if e.Probe != nil {
		s.Health = gate.HealthHealthy
	}
	what := rapid.IntRange(0, 70).Draw(t, "event")
	if e.OneShot && what < 10 {
		s.State = gate.StateExited
	}
	switch what {
	case 70:
		s.FailingStreak, s.LastFailure = 1, at
	case 69:
		s.LastFailure = at.Add(-50 * time.Millisecond)
	case 68:
		s.Health = gate.HealthStarting
	case 67:
		s.Health, s.FailingStreak = gate.HealthUnhealthy, rapid.IntRange(0, 3).Draw(t, "streak")
	case 66:
		s.State, s.ExitCode = gate.StateExited, rapid.IntRange(0, 1).Draw(t, "exit")
	case 65:
		s.State = rapid.SampledFrom([]gate.State{gate.StatePaused, gate.StateRestarting, gate.StateDead, gate.StateRemoving}).Draw(t, "state")
	case 64:
		s.StartedAt = at
	}
	return s
}

// good is the rule of a good container, written down a second time.
func good(e gate.Expected, s gate.Sample) bool {
	if e.OneShot {
		return s.State == gate.StateExited && s.ExitCode == 0
	}
	withoutProbe := e.Probe == nil && e.RunningSuffices && s.Health == gate.HealthNone
	return s.State == gate.StateRunning && (withoutProbe || s.Health == gate.HealthHealthy && s.FailingStreak == 0)
}

// TestOpenIsEarned: whenever a gate opens, every expected container was good by each of its samples for the whole of the
// window, and nothing was seen to have failed or started in between. And it opens no later than it may.
func TestOpenIsEarned(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := histories.Draw(t, "history")
		g := h.gate()
		for i, s := range h.samples {
			g.Observe(s)
			v := g.Verdict(s.At)
			if earned := h.earned(h.samples[:i+1], s.At); v.Decision == gate.Open && !earned {
				t.Fatalf("opened at %v, unearned", s.At.Sub(epoch))
			} else if v.Decision == gate.Waiting && earned {
				t.Fatalf("waits at %v, though all are good", s.At.Sub(epoch))
			}
			if v.Decision != gate.Waiting {
				return
			}
		}
	})
}

// earned recomputes from the whole history what the gate decides from the newest samples and a few numbers.
func (h *history) earned(seen []gate.Sample, now time.Time) bool {
	for _, e := range h.expected {
		for r := range e.Replicas {
			id := fmt.Sprintf("%s-%d", e.Service, r+1)
			var since time.Time
			var failure time.Time
			var passed bool
			for _, s := range seen {
				if s.ID != id || passed {
					continue
				}
				if !good(e, s) {
					since = time.Time{}
				} else if since.IsZero() || s.LastFailure.After(failure) {
					since = s.At
				}
				failure = s.LastFailure
				passed = e.OneShot && good(e, s)
			}
			if since.IsZero() || now.Sub(since) < h.stable || since.After(h.deadline) {
				return false
			}
		}
	}
	return true
}

// TestDisorderIsHarmless: a delivery in any order, with anything in it twice, is worth as much as its samples that were
// news of their container when they came. The order between containers does not matter at all.
func TestDisorderIsHarmless(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := histories.Draw(t, "history")
		again := rapid.SliceOfN(rapid.SampledFrom(h.samples), 0, 10).Draw(t, "again")
		delivery := rapid.Permutation(slices.Concat(h.samples, again)).Draw(t, "delivery")

		disordered, newest := h.gate(), make(map[string]time.Time)
		var news []gate.Sample
		for _, s := range delivery {
			disordered.Observe(s)
			if s.At.After(newest[s.ID]) {
				newest[s.ID] = s.At
				news = append(news, s)
			}
		}
		orderly := h.gate()
		slices.SortFunc(news, func(a, b gate.Sample) int { return a.At.Compare(b.At) })
		for _, s := range news {
			orderly.Observe(s)
		}

		now := h.end().Add(time.Duration(rapid.IntRange(0, 80).Draw(t, "later")) * time.Second)
		if a, b := disordered.Verdict(now), orderly.Verdict(now); !reflect.DeepEqual(a, b) {
			t.Fatalf("disordered: %s\n%sorderly: %s\n%s", summary(a), messages(a), summary(b), messages(b))
		}
	})
}

// TestVerdictsAreFinalAndTimely: a final verdict never changes; a waiting one says when to come back, and whoever comes
// back then, with nothing new, is told to wait at most once more.
func TestVerdictsAreFinalAndTimely(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := histories.Draw(t, "history")
		g := h.gate()
		var final *gate.Verdict
		ask := func(now time.Time) gate.Verdict {
			v := g.Verdict(now)
			switch {
			case final != nil && !reflect.DeepEqual(v, *final):
				t.Fatalf("%s became %s", summary(*final), summary(v))
			case v.Decision == gate.Waiting && (!v.Next.After(now) || v.Reasons != nil):
				t.Fatalf("at %v: %s", now.Sub(epoch), summary(v))
			case v.Decision != gate.Waiting:
				final = &v
				if !v.Next.IsZero() || (v.Decision == gate.Refused) != (len(v.Reasons) > 0) {
					t.Fatalf("%+v", v)
				}
			}
			if len(v.Progress) == 0 {
				t.Fatal("no progress")
			}
			return v
		}
		for _, s := range h.samples {
			g.Observe(s)
			if rapid.Bool().Draw(t, "ask") {
				ask(s.At)
			}
		}
		now := h.end()
		for range 3 {
			if v := ask(now); v.Decision == gate.Waiting {
				now = v.Next
			}
		}
		if final == nil {
			t.Fatal("undecided after the deadline")
		}
		for _, s := range h.samples {
			s.At = s.At.Add(time.Hour)
			g.Observe(s)
			g.Vanish(s.ID, s.At)
			ask(s.At)
		}
	})
}
