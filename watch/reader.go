package watch

import (
	"context"
	"time"
)

// Reader is what a page shows of a watch. Its methods may be called by several goroutines.
type Reader interface {
	// State is what is known now. It does no I/O.
	State() State
	// Subscribe sends after each change of the State, and of notes, changes and deployments, until ctx ends; then the
	// channel is closed. A slow reader misses signals and never delays anyone: after a signal, it reads everything again.
	Subscribe(ctx context.Context) <-chan struct{}
	Past
}

// Past is what the history tells.
type Past interface {
	// Samples summarizes the samples of a check in [from, to), in buckets of at least resolution, in the order of their time.
	// Resolution 0 asks for single samples, which are kept for two days: before that time there are buckets of an hour, and
	// after thirty days of a day. An empty bucket is left out.
	Samples(ctx context.Context, check string, from, to time.Time, resolution time.Duration) ([]Bucket, error)
	// Changes are those in [from, to), in the order of their time.
	Changes(ctx context.Context, from, to time.Time) ([]Change, error)
	// Deployments are those that ended in [from, to), in the order of their time.
	Deployments(ctx context.Context, from, to time.Time) ([]Deployment, error)
	// Notes are those in [from, to), in the order of their time.
	Notes(ctx context.Context, from, to time.Time) ([]Note, error)
}

// Outbox is what a notifier asks of the history. An event and its deliveries are written in the same transaction as what
// they tell of, so that none is lost when the process is killed.
type Outbox interface {
	// Queue writes an event and a delivery for each target. An event that is already there is left as it is.
	Queue(ctx context.Context, e Event, targets []string) error
	// Due are the deliveries that are not sent and whose time has come, the oldest first.
	Due(ctx context.Context, now time.Time) ([]Delivery, error)
	// Sent records a success. The delivery is not due again, over restarts too.
	Sent(ctx context.Context, event, target string, at time.Time) error
	// Failed records a failed attempt, and when the next one is due; zero: never.
	Failed(ctx context.Context, event, target, why string, next time.Time) error
	// Told says whether a target was told of the failure of a subject since its last recovery.
	Told(ctx context.Context, subject, target string) (bool, error)
}
