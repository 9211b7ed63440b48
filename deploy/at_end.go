package deploy

import (
	"context"
	"time"

	"bluegate/deploy/model"
	"bluegate/deploy/stage"
)

// endLimit is the longest time that the last question to the engine may take. Nothing depends on its answer.
const endLimit = 10 * time.Second

// atEnd puts into the report the containers as they are now, and the images that went live. What was observed at the
// beginning is not true any more: where the engine cannot be asked, no container is listed.
func (r *run) atEnd(ctx context.Context) {
	if r.stage < stage.Locked { // nothing can have changed
		return
	}
	before := r.seen.Of(r.plan.From)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endLimit)
	defer cancel()
	now, err := r.observer().Containers(ctx, r.seen.Application)
	r.seen.Containers, r.report.Containers = now, append([]model.Container{}, now...)
	if err != nil {
		r.note(model.Finding{Code: "not-listed", Message: "the engine did not say which containers are there at the end, so none is listed: " + err.Error()})
		return
	}
	if r.stage >= stage.Switched && r.seen.Live.Colour == r.plan.Release.To {
		r.report.Images = r.plan.LiveImages(r.seen, before)
	}
}
