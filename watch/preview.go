package watch

import (
	"context"
	"time"

	"bluegate/deploy/model"
)

// previewRetry is the pause before a release that waited is tried to be removed again.
const previewRetry = time.Minute

// ended is what was done about a release whose time to wait is over. It belongs to the goroutine that acts.
type ended struct {
	release string
	tried   time.Time
	told    bool
}

// endPreview removes a release that waited to be promoted, once its time is over. Where that fails, a person is called once,
// and it is tried again.
func (w *Watcher) endPreview(ctx context.Context, l Look) {
	p, now := l.Preview, time.Now()
	if p == nil || now.Before(p.Until) || l.Deploying != nil {
		return
	}
	if w.preview.release != p.Release {
		w.preview = ended{release: p.Release}
	}
	if now.Sub(w.preview.tried) < previewRetry {
		return
	}
	w.preview.tried = now
	outcome, message := w.App.EndPreview(ctx)
	message = w.mask(message)
	w.say("release %s of %s waited to be promoted, and its time is over: %s", p.Release, p.Colour, message)
	switch outcome {
	case model.Settled, model.Locked, model.Interrupted:
		return
	}
	if !w.preview.told {
		w.preview.told = true
		w.tell(ctx, Event{Kind: EventNeedsPerson, Subject: string(p.Colour), Why: message, Run: "bluegate settle"})
	}
}
