package nginx

import (
	"context"

	"bluegate/deploy/model"
	"bluegate/nginx/fsys"
)

// barred refuses a change that could not be made, before anything is started for it: its files cannot be written from
// here, or nginx cannot be told to load them.
func (n *observed) barred(ctx context.Context, change model.Change) error {
	for _, f := range change.Files {
		e, real, err := fsys.Locate(n.conf.Files, f)
		if err != nil {
			return unreachable(err)
		}
		why, err := n.found.CannotWrite(ctx, real, e)
		if err != nil {
			return unreachable(err)
		}
		if why != "" {
			return model.Refuse(model.NginxNotSwitched, "%s of %s cannot be written: %s", f.Path, n.found, why)
		}
	}
	if change.Unloaded || !n.found.IsRunning() {
		return nil
	}
	if why := n.found.CannotSignal(); why != "" {
		return model.Refuse(model.NginxNotSwitched, "%s cannot be told to reload: %s", n.found, why)
	}
	return nil
}
