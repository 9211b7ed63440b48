package nginx

import (
	"context"

	"bluegate/deploy/model"
	"bluegate/nginx/fsys"
)

// barred refuses a change that could not be made, before anything is started for it: its files cannot be written from
// here, or nginx cannot be told to load them.
func (r *Router) barred(ctx context.Context, change model.Change) error {
	for _, f := range change.Files {
		e, real, err := fsys.Locate(r.conf.Files, f)
		if err != nil {
			return unreachable(err)
		}
		why, err := r.found.CannotWrite(ctx, real, e)
		if err != nil {
			return unreachable(err)
		}
		if why != "" {
			return model.Refuse(model.NginxNotSwitched, "%s of %s cannot be written: %s", f.Path, r.found, why)
		}
	}
	if change.Unloaded || !r.found.IsRunning() {
		return nil
	}
	if why := r.found.CannotSignal(); why != "" {
		return model.Refuse(model.NginxNotSwitched, "%s cannot be told to reload: %s", r.found, why)
	}
	return nil
}
