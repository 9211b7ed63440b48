package deploy

import (
	"context"
	"errors"
	"fmt"
)

// pointBack makes nginx serve again what it served before a change, and proves it: the old bytes where those of the
// change are, new workers that have read them, and the old colour's addresses leading to its own containers. Bytes that
// are somebody else's are left as they are, which is an error. It may be repeated: what is back already is only proven.
func (r *run) pointBack(ctx context.Context, change Change) error {
	return r.throughNginx(ctx, func(ctx context.Context) error { return r.restore(ctx, change) })
}

func (r *run) restore(ctx context.Context, change Change) error {
	if err := r.Router.Follow(ctx, change); err != nil { // without nginx the old bytes go back all the same
		r.Progress.Say("%s: %v", r.route.Nginx, err)
	}
	if err := r.Router.Restore(ctx, change); err != nil {
		return err
	}
	targets, err := r.targetsOfOld(ctx)
	if err != nil {
		return err
	}
	if err := r.Router.Reach(ctx, targets); err != nil {
		return fmt.Errorf("nginx names %s again, but does not reach it: %w", r.report.From, err)
	}
	return nil
}

// targetsOfOld are the addresses of the colour that the release took over from, and the containers behind them.
func (r *run) targetsOfOld(ctx context.Context) ([]Target, error) {
	all, err := r.Stack.Containers(ctx, r.app)
	if err != nil {
		return nil, err
	}
	r.containers = all
	var targets []Target
	for _, p := range r.route.Points {
		e := p.Endpoint
		if e.Colour != r.report.From {
			if e, err = r.dir.Counterpart(e); err != nil {
				return nil, err
			}
		}
		t := Target{Endpoint: e}
		for _, c := range r.of(e.Colour) {
			if c.Service == e.Service && c.Running {
				t.Containers = append(t.Containers, c)
			}
		}
		targets = append(targets, t)
	}
	return targets, nil
}

// fit says why a colour could not serve users at this moment, as the engine sees it; empty: it could.
func (r *run) fit(ctx context.Context, colour Colour) ([]Reason, error) {
	all, err := r.Stack.Containers(ctx, r.app)
	if err != nil {
		return nil, err
	}
	r.containers = all
	return ailments(r.app.Models[colour], r.of(colour)), nil
}

// nothingLeft is the error of a rollback that has nothing good to go back to. Going to and fro between two bad colours
// would help nobody.
func (r *run) nothingLeft(old []Reason) error {
	return fmt.Errorf("%s is not healthy either (%w), so nginx is not pointed back to it, and both keep running; mend one of them, then run `bluegate settle`, which keeps the one that is healthy",
		r.report.From, &RefusedError{Reasons: old})
}

// rollBack is the undoing after the switch, as far as users notice it. The release's containers still run afterwards.
func (r *run) rollBack(ctx context.Context) error {
	old, err := r.fit(ctx, r.report.From)
	if err == nil && len(old) > 0 {
		return r.nothingLeft(old)
	}
	if err := errors.Join(err, r.pointBack(ctx, r.change)); err != nil {
		r.report.Live, r.report.LiveBy = None, "nginx could not be pointed back, so what it serves was not proven"
		return fmt.Errorf("%s could not be pointed back to %s, so both colours keep running: %w", r.route.Nginx, r.report.From, err)
	}
	r.applied = true
	r.report.Live, r.report.LiveBy = r.report.From, "nginx was pointed back to it, and that was proven"
	return nil
}
