package watching

import (
	"context"

	"bluegate/cmd/bluegate/config"
	"bluegate/cmd/bluegate/wire"
	"bluegate/deploy/check"
	"bluegate/deploy/model"
	"bluegate/watch"
)

// askAlone asks from this process. It needs no engine. It implements watch.Asker.
type askAlone struct{ runner model.CheckRunner }

func newAskAlone(o config.Options) askAlone {
	return askAlone{wire.Alone(o)}
}

// Ask implements watch.Asker.
func (a askAlone) Ask(ctx context.Context, q watch.Question) (check.Result, error) {
	return a.runner.Ask(ctx, check.Client, model.Container{}, q.Request)
}

// clientQuestions are the checks of watch.checks that are asked from this process.
func clientQuestions(o config.Options) (all []watch.Question) {
	for _, c := range o.Watch.Checks {
		if c.From == check.Client {
			all = append(all, watch.Question{Name: c.Name, Samples: c.Samples, Check: c.Check})
		}
	}
	return all
}
