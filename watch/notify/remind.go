package notify

import (
	"context"
	"fmt"
	"time"

	"bluegate/watch"
)

// Remind tells targets again of what is still not healthy, for those that want reminders and were told of the failure.
// It looks each minute until ctx ends. During a deployment it is silent.
func (q *Queue) Remind(ctx context.Context, state func() watch.State) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(lookAgain):
			q.remind(ctx, state(), time.Now())
		}
	}
}

func (q *Queue) remind(ctx context.Context, s watch.State, now time.Time) {
	if s.Deploying != nil {
		return
	}
	for _, c := range s.Checks {
		kind := watch.EventKind(c.Verdict)
		if c.Verdict != watch.Down && c.Verdict != watch.Degraded {
			continue
		}
		for _, t := range q.targets {
			lasted := now.Sub(c.Since)
			if t.Remind == 0 || lasted < t.Remind || !t.wants(kind) {
				continue
			}
			if told, err := q.outbox.Told(ctx, c.Name, t.Name); err != nil || !told {
				continue
			}
			// The id is that of this reminder however often it is queued, over restarts too.
			id := fmt.Sprintf("remind-%s-%s-%d-%d", c.Name, t.Name, c.Since.UnixMilli(), lasted/t.Remind)
			e := watch.Event{ID: id, Kind: kind, Project: s.Project, Subject: c.Name, At: now, Since: c.Since, Lasted: lasted, Why: c.Why}
			if q.outbox.Queue(ctx, e, []string{t.Name}) == nil {
				q.Wake()
			}
		}
	}
}

// isReminder tells a reminder from the event that it reminds of.
func isReminder(e watch.Event) bool { return e.Kind != watch.EventUp && e.Lasted > 0 }
