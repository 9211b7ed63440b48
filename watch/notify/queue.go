package notify

import (
	"context"
	"sync"
	"time"

	"bluegate/watch"
)

const (
	// attemptLimit ends one attempt.
	attemptLimit = 30 * time.Second
	// firstRetry and lastRetry are the pauses after a failed attempt: doubled each time.
	firstRetry, lastRetry = 5 * time.Second, 5 * time.Minute
	// giveUpAfter is when an event is too old to be of use.
	giveUpAfter = 24 * time.Hour
	// refusedAttempts are those of a message that the receiver refuses as wrong.
	refusedAttempts = 3
	// burst and pace limit the messages to one target: a burst, then one in each pace.
	burst, pace = 20, 3 * time.Second
	// lookAgain is how often the outbox is read without a Wake: another process may have written to it.
	lookAgain = time.Minute
)

// Queue delivers what is in an Outbox to its targets. A delivery is recorded as sent only after a success: a process that
// is killed between the answer and the record sends the event once more, with the same id.
type Queue struct {
	targets []Target
	outbox  watch.Outbox
	wake    map[string]chan struct{}

	mu    sync.Mutex
	state map[string]string // by target, why the last attempt failed; empty after a success
}

// NewQueue makes a queue. Nothing is sent before Run.
func NewQueue(targets []Target, outbox watch.Outbox) *Queue {
	q := &Queue{targets: targets, outbox: outbox, wake: map[string]chan struct{}{}, state: map[string]string{}}
	for _, t := range targets {
		q.wake[t.Name] = make(chan struct{}, 1)
	}
	return q
}

// Targets implements watch.Notifier.
func (q *Queue) Targets(e watch.Event) []string {
	var names []string
	for _, t := range q.targets {
		if t.wants(e.Kind) {
			names = append(names, t.Name)
		}
	}
	return names
}

// Wake implements watch.Notifier.
func (q *Queue) Wake() {
	for _, wake := range q.wake {
		select {
		case wake <- struct{}{}:
		default:
		}
	}
}

// Trouble lists the targets whose last attempt failed, with the reason.
func (q *Queue) Trouble() []string {
	q.mu.Lock()
	defer q.mu.Unlock()
	var all []string
	for _, t := range q.targets {
		if why := q.state[t.Name]; why != "" {
			all = append(all, "notify: "+t.Name+": "+why)
		}
	}
	return all
}

func (q *Queue) note(target, why string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.state[target] = why
}

// Run delivers until ctx ends. A target that does not answer delays no other.
func (q *Queue) Run(ctx context.Context) {
	var all sync.WaitGroup
	for _, t := range q.targets {
		all.Go(func() { newWorker(q, t).run(ctx) })
	}
	all.Go(func() { q.dropUnknown(ctx) })
	all.Wait()
}

// dropUnknown gives up the deliveries whose target is not configured any more.
func (q *Queue) dropUnknown(ctx context.Context) {
	due, err := q.outbox.Due(ctx, endOfTime)
	if err != nil {
		return
	}
	for _, d := range due {
		if _, known := q.wake[d.Target]; !known {
			_ = q.outbox.Failed(ctx, d.Event.ID, d.Target, "the target is not configured any more", time.Time{})
		}
	}
}
