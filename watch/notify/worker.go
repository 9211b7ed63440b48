package notify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"bluegate/watch"
)

// endOfTime asks for deliveries whose time has not come too: the worker keeps the order itself.
var endOfTime = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// worker delivers to one target, one event after the other.
type worker struct {
	*Queue
	target Target
	next   map[string]time.Time // by event, when it is tried again
	sent   map[string]time.Time // by event, sent and not yet recorded
	tokens tokens
}

func newWorker(q *Queue, t Target) *worker {
	return &worker{Queue: q, target: t, next: map[string]time.Time{}, sent: map[string]time.Time{}, tokens: tokens{left: burst, at: time.Now()}}
}

func (w *worker) run(ctx context.Context) {
	for ctx.Err() == nil {
		pause := w.pass(ctx)
		select {
		case <-ctx.Done():
		case <-w.wake[w.target.Name]:
		case <-time.After(pause):
		}
	}
}

// pass sends what can be sent now, and says when to look again.
func (w *worker) pass(ctx context.Context) time.Duration {
	waiting, err := w.outbox.Due(ctx, endOfTime)
	if err != nil {
		w.note(w.target.Name, fmt.Sprintf("cannot read what is to be sent: %v", err))
		return firstRetry
	}
	pause := lookAgain
	earlier := map[string]bool{} // subjects with an event that was not sent: those after it wait, for the order
	for _, d := range waiting {
		if d.Target != w.target.Name || ctx.Err() != nil {
			continue
		}
		if at, done := w.sent[d.Event.ID]; done {
			w.record(ctx, d.Event, at)
			continue
		}
		if earlier[d.Event.Subject] {
			continue
		}
		wait := max(time.Until(w.next[d.Event.ID]), w.tokens.wait(time.Now()))
		if wait > 0 || !w.deliver(ctx, d) {
			earlier[d.Event.Subject] = true
			pause = min(pause, max(wait, time.Until(w.next[d.Event.ID]), time.Second))
		}
	}
	return pause
}

// deliver says whether nothing more is to be done for a delivery.
func (w *worker) deliver(ctx context.Context, d watch.Delivery) bool {
	if why := w.pointless(ctx, d); why != "" {
		return w.giveUp(ctx, d, why)
	}
	w.tokens.take(time.Now())
	err := w.target.Send(ctx, d.Event)
	if err == nil {
		w.note(w.target.Name, "")
		w.record(ctx, d.Event, time.Now())
		return true
	}
	if ctx.Err() != nil {
		return false // the process ends: nothing is known of this attempt
	}
	return w.failed(ctx, d, err)
}

// failed records a failed attempt, and says whether it was the last one.
func (w *worker) failed(ctx context.Context, d watch.Delivery, err error) bool {
	why := err.Error()
	var sent *SendError
	refused := false
	if errors.As(err, &sent) {
		why, refused = sent.Text, sent.Refused
	}
	w.note(w.target.Name, why)
	if refused && d.Attempts+1 >= refusedAttempts {
		return w.giveUp(ctx, d, why)
	}
	next := time.Now().Add(backoff(d.Attempts))
	w.next[d.Event.ID] = next
	_ = w.outbox.Failed(ctx, d.Event.ID, w.target.Name, why, next)
	return false
}

// pointless is why an event is not sent any more.
func (w *worker) pointless(ctx context.Context, d watch.Delivery) string {
	switch age := time.Since(d.Event.At); {
	case age > giveUpAfter:
		return fmt.Sprintf("it could not be delivered within %s", giveUpAfter)
	case isReminder(d.Event) && age > MinRemind:
		return "the reminder is too old"
	}
	if d.Event.Kind == watch.EventUp {
		if told, err := w.outbox.Told(ctx, d.Event.Subject, w.target.Name); err == nil && !told {
			return "the target was not told of the failure"
		}
	}
	return ""
}

func (w *worker) giveUp(ctx context.Context, d watch.Delivery, why string) bool {
	delete(w.next, d.Event.ID)
	return w.outbox.Failed(ctx, d.Event.ID, w.target.Name, why, time.Time{}) == nil
}

// record writes that an event was sent. While that fails, the event is not sent again by this process.
func (w *worker) record(ctx context.Context, e watch.Event, at time.Time) {
	// The process may be ending: what was sent is recorded nevertheless.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), firstRetry)
	defer cancel()
	if err := w.outbox.Sent(ctx, e.ID, w.target.Name, at); err != nil {
		w.sent[e.ID] = at
		w.note(w.target.Name, fmt.Sprintf("cannot record what was sent: %v", err))
		return
	}
	delete(w.sent, e.ID)
	delete(w.next, e.ID)
}

// backoff is the pause after an attempt, when so many were made before it.
func backoff(attempts int) time.Duration {
	if attempts > 6 {
		return lastRetry
	}
	return min(firstRetry<<attempts, lastRetry)
}

// tokens limit a rate: a burst, then one token in each pace.
type tokens struct {
	left int
	at   time.Time // until when tokens were added
}

// wait is the time until there is a token; 0: there is one.
func (t *tokens) wait(now time.Time) time.Duration {
	if added := int(now.Sub(t.at) / pace); added > 0 {
		t.left, t.at = min(burst, t.left+added), t.at.Add(time.Duration(added)*pace)
	}
	if t.left > 0 {
		return 0
	}
	return t.at.Add(pace).Sub(now)
}

// take uses one token.
func (t *tokens) take(now time.Time) {
	if t.left == burst {
		t.at = now
	}
	t.left--
}
