package watch

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"bluegate/deploy/model"
	"bluegate/deploy/redact"
	"bluegate/watch/verdict"
)

// settling is how long events are collected before a look: a restart makes many of them.
const settling = 300 * time.Millisecond

// watchApplication looks at the application every Every, and when the engine reports an event.
func (w *Watcher) watchApplication(ctx context.Context, work *sync.WaitGroup) {
	events := w.App.Events(ctx)
	work.Go(func() {
		for {
			began := time.Now()
			w.lookOnce(ctx, work)
			next := time.NewTimer(max(jitter(w.Every)-time.Since(began), settling))
			select {
			case <-ctx.Done():
				next.Stop()
				return
			case <-next.C:
			case _, ok := <-events:
				if next.Stop(); !ok {
					events = nil
				}
				if !pause(ctx, settling) {
					return
				}
			}
		}
	})
}

// lookOnce looks at the application, judges what it sees, and heals.
func (w *Watcher) lookOnce(ctx context.Context, work *sync.WaitGroup) {
	at := time.Now()
	l, err := w.App.Look(ctx)
	if ctx.Err() != nil {
		return
	}
	w.noteRestarts(&l)
	s := sampleOf(l, err)
	s.At, s.Said = at, w.mask(s.Said)
	if err != nil {
		w.suffer("engine", s.Said)
	} else {
		w.suffer("engine", "")
		w.see(ctx, work, l)
	}
	track := w.running[Live].track
	// A look after an event comes early: it shows what is true, and is no measurement more.
	if w.judged.IsZero() || at.Sub(w.judged) >= w.Every/2 {
		w.judged = at
		w.History.Add(s)
		w.judge(ctx, track, s, verdict.Input{At: s.At, Result: s.Result, Why: s.Said})
	}
	if down := track.Verdict() == Down; err == nil && w.acting.CompareAndSwap(false, true) {
		work.Go(func() {
			defer w.acting.Store(false)
			w.heal(ctx, l, down)
			w.endPreview(ctx, l)
		})
	}
}

// sampleOf is what one look says of the health of the live colour.
func sampleOf(l Look, err error) Sample {
	s := Sample{Check: Live, Result: verdict.Good}
	switch trouble := l.Trouble(); {
	case err != nil:
		s.Result, s.Said = verdict.Unmeasured, redact.Sanitize(err.Error())
	case l.Deploying != nil:
		s.Result = verdict.Paused
	case trouble != "":
		s.Result, s.Said = verdict.Bad, trouble
	case l.Live == model.None:
		s.Result, s.Said = verdict.Unmeasured, l.Doubt
	}
	return s
}

// noteRestarts finds what one look cannot see: a container that crashes again and again is healthy in between.
func (w *Watcher) noteRestarts(l *Look) {
	counts := map[string]int{}
	for i := range l.Colours {
		for j := range l.Colours[i].Containers {
			c := &l.Colours[i].Containers[j]
			counts[c.ID] = c.Restarts
			if before, known := w.restarts[c.ID]; known && c.Restarts > before && c.Problem == "" {
				c.Problem = fmt.Sprintf("it ended, and the engine started it again (%d restarts)", c.Restarts)
			}
		}
	}
	if len(l.Colours) > 0 {
		w.restarts = counts
	}
}

// see shows what was seen, and asks the checks of the live colour.
func (w *Watcher) see(ctx context.Context, work *sync.WaitGroup, l Look) {
	w.update(func(s *State) {
		if l.Deploying == nil && s.Deploying != nil {
			w.say("the deployment ended; %s is live", l.Live)
		} else if l.Deploying != nil && s.Deploying == nil {
			w.say("deployment: %s by %s", l.Deploying.Command, l.Deploying.By)
		}
		s.Deploying, s.Live, s.LiveBy, s.Colours, s.Preview = l.Deploying, l.Live, l.LiveBy, l.Colours, l.Preview
	})
	for _, q := range l.Questions {
		if err := w.begin(ctx, work, q); err != nil {
			w.suffer("history", err.Error())
		}
	}
	for _, d := range l.Deployments {
		if w.known[d.ID] {
			continue
		}
		if err := w.History.AddDeployment(ctx, d); err != nil {
			w.suffer("history", err.Error())
			return
		}
		w.known[d.ID] = true
	}
}

// healingKey is under what the history keeps what healing did.
const healingKey = "healing"

// heal does what the budget allows. It returns when that is done.
func (w *Watcher) heal(ctx context.Context, l Look, down bool) {
	w.mu.Lock()
	h := w.healing.of(l.Release)
	w.mu.Unlock()
	todo := w.Heal.decide(h, l, down, time.Now())
	switch todo.kind {
	case doNothing:
		return
	case doRestart:
		w.restart(ctx, h, todo)
	case doRollback:
		w.rollback(ctx, h, l, todo)
	case doCall:
		w.call(ctx, h, l, todo.why)
	}
}

// keepHealing notes what healing did, before or after it does it.
func (w *Watcher) keepHealing(ctx context.Context, h healed) bool {
	text, err := json.Marshal(h)
	if err == nil {
		err = w.History.Keep(ctx, healingKey, string(text))
	}
	w.mu.Lock()
	w.healing = h
	w.mu.Unlock()
	w.readers.Signal()
	if err != nil {
		w.suffer("healing", "nothing is healed, because it cannot be noted: "+err.Error())
		return false
	}
	w.suffer("healing", "")
	return true
}

// restart is noted before it is done: a process that is killed in between has used a restart, and not gained one.
func (w *Watcher) restart(ctx context.Context, h healed, todo act) {
	now := time.Now()
	h.Restarts = append(h.recent(now.Add(-w.Heal.Within)), now)
	if !w.keepHealing(ctx, h) {
		return
	}
	for _, c := range todo.containers {
		did, err := w.App.Restart(ctx, c.ID)
		switch {
		case err != nil && did == "":
			w.say("container %q was not restarted: %v", c.Name, err)
		case err != nil:
			why := w.mask(fmt.Sprintf("container %q was %s, but: %v", c.Name, did, err))
			w.say("%s", why)
			w.tell(ctx, Event{Kind: EventNeedsPerson, Subject: Live, Why: why, Run: "bluegate status"})
		case did != "":
			why := fmt.Sprintf("container %q was %s (%d of %d): %s", c.Name, did, len(h.Restarts), w.Heal.Restarts, w.mask(c.Problem))
			w.say("%s", why)
			w.tell(ctx, Event{Kind: EventHealed, Subject: Live, Why: why})
		}
	}
}

// rollback is tried once. A deployment that someone else makes meanwhile wins: it holds the lock, or made another release
// live.
func (w *Watcher) rollback(ctx context.Context, h healed, l Look, todo act) {
	w.say("rolling back from release %s of %s: %s", l.Release, l.Live, w.mask(todo.why))
	left := h
	left.RolledBack, left.Leaving = l.Release, true
	if !w.keepHealing(ctx, left) {
		return
	}
	outcome, message := w.App.Rollback(ctx, l.Release)
	message = w.mask(message)
	switch outcome {
	case model.Promoted:
		w.say("rolled back: %s", message)
		w.tell(ctx, Event{Kind: EventHealed, Subject: Live, Why: fmt.Sprintf("release %s was rolled back, because %d restarts did not help: %s", l.Release, len(h.Restarts), w.mask(todo.why))})
	case model.Locked, model.Interrupted:
		w.say("not rolled back: %s", message)
		w.keepHealing(ctx, h)
	default:
		left.Leaving = false
		w.call(ctx, left, l, fmt.Sprintf("the rollback ended with %s: %s; it was tried because of: %s", outcome, message, todo.why))
	}
}

// call stops healing until the next deployment, and calls a person.
func (w *Watcher) call(ctx context.Context, h healed, l Look, why string) {
	why = w.mask(why)
	h.Release, h.Stopped = l.Release, why
	if !w.keepHealing(ctx, h) {
		return
	}
	w.say("a person is needed: %s", why)
	w.tell(ctx, Event{Kind: EventNeedsPerson, Subject: Live, Why: why, Run: "bluegate status"})
}

// tell queues an event that is not a change of a verdict.
func (w *Watcher) tell(ctx context.Context, e Event) {
	e.At = time.Now()
	e.ID, e.Project, e.Since = NewID(e.At), w.Project, e.At
	if err := w.History.Queue(ctx, e, w.Notifier.Targets(e)); err != nil {
		w.suffer("history", err.Error())
	}
	w.Notifier.Wake()
}
