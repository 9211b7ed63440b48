package watch

import (
	"context"
	"sync"

	"bluegate/deploy/check"
	"bluegate/watch/verdict"
)

// Measured is what one round of a check says.
type Measured struct {
	Question Question
	// Verdict is that of this round alone: Unknown if it could not be measured.
	Verdict Verdict
	Why     string
	Asked   int
	Good    int
	Times   *check.Summary // nil: no answer came
}

// Once measures every check one time, at most 64 at once, and keeps nothing. The results are in the order of the
// questions.
func Once(ctx context.Context, asker Asker, self *Self, questions []Question) []Measured {
	all := make([]Measured, len(questions))
	slots := make(chan struct{}, atOnce)
	var work sync.WaitGroup
	for i, q := range questions {
		slots <- struct{}{}
		work.Go(func() {
			all[i] = measureOnce(ctx, asker, self, q)
			<-slots
		})
	}
	work.Wait()
	return all
}

func measureOnce(ctx context.Context, asker Asker, self *Self, q Question) Measured {
	one := Measured{Question: q, Verdict: Unknown}
	track := verdict.NewTrack(verdict.Settings{DownAfter: 1, UpAfter: 1}, verdict.Unknown)
	var times check.Times
	failed := false
	for range max(q.Samples, 1) {
		m := measure(ctx, asker, q)
		if m.Result == verdict.Bad && !failed {
			if err := self.Look(ctx); err != nil {
				m.Result, m.Said = verdict.Unmeasured, err.Error()
			}
		}
		one.Asked++
		if m.Result == verdict.Good {
			one.Good++
		}
		if m.Took > 0 {
			times.Add(m.Took)
		}
		if failed { // one that is bad makes all of them bad
			continue
		}
		if c, changed := track.Add(verdict.Input{At: m.At, Result: m.Result, Took: m.Took, Latency: q.Latency, Warning: m.warning, Why: m.Said}); changed {
			one.Why = c.Why
		} else if m.Result == verdict.Unmeasured {
			one.Why = m.Said
		}
		one.Verdict = track.Verdict()
		failed = one.Verdict == Down
	}
	one.Times = times.Summary()
	return one
}
