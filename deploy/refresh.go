package deploy

import (
	"context"
	"fmt"
	"strings"

	"bluegate/deploy/model"
)

// Refresh makes nginx look up the addresses of the live colour again: a container that is restarted may get another one,
// and nginx knows those of its last reload. Nothing is written. It takes nginx's lock, and not the project's; nil says
// that nginx provably runs with its files as they are.
func (d *Deployer) Refresh(ctx context.Context) error {
	r := d.begin("watch")
	defer r.unlock(ctx) // what asking needs
	if err := r.observeOnly(ctx); err != nil {
		return err
	}
	if r.seen.Live.Colour == model.None {
		return &model.UnreachableError{What: "nginx", Err: model.Invalid("it is not known which colour is live: %s", r.seen.Live.By)}
	}
	return r.reload(ctx)
}

// reload makes nginx load its configuration again, as it is. It names the live colour.
func (r *run) reload(ctx context.Context) error {
	return r.throughNginx(ctx, r.seen.Route.ID, func(ctx context.Context) error {
		change, err := r.nginx.Plan(r.seen.Addresses, r.seen.Live.Colour)
		if err == nil && !change.Empty() {
			err = model.Invalid("the configuration of %s does not name %s any more", r.seen.Route.Nginx, r.seen.Live.Colour)
		}
		if err != nil {
			return err
		}
		return r.nginx.Restore(ctx, change)
	})
}

// loadAddresses makes nginx look up the addresses of the live colour again, where it does not know one of them.
func (r *run) loadAddresses(ctx context.Context) error {
	unknown := r.seen.NotLoadedAddresses()
	if len(unknown) == 0 {
		return nil
	}
	return r.step(ctx, "reload", func(ctx context.Context) error {
		if err := r.reload(ctx); err != nil {
			return err
		}
		names := make([]string, len(unknown))
		for i, c := range unknown {
			names[i] = c.Name
		}
		said := fmt.Sprintf("%s was reloaded: it did not know the address of %s, started since its last reload", r.seen.Route.Nginx, strings.Join(names, ", "))
		r.report.Message = said
		r.Progress.Say("%s", said)
		return nil
	})
}
