package notify

import (
	"context"
	"sync"

	"bluegate/watch"
)

// SendAll sends an event at once to each target that wants it, to all at the same time, once. It returns the targets that
// it failed for, with the reason, when all have answered or ctx ends. It is for a process that ends soon.
func SendAll(ctx context.Context, targets []Target, e watch.Event) map[string]error {
	failed := map[string]error{}
	var mu sync.Mutex
	var all sync.WaitGroup
	for _, t := range targets {
		if !t.wants(e.Kind) {
			continue
		}
		all.Go(func() {
			if err := t.Send(ctx, e); err != nil {
				mu.Lock()
				defer mu.Unlock()
				failed[t.Name] = err
			}
		})
	}
	all.Wait()
	return failed
}
