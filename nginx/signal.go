package nginx

import (
	"context"
	"fmt"

	"bluegate/deploy"
)

// reload tells nginx to load its configuration. HUP goes through the engine only when the container's first process is
// the master itself: a shell would ignore it, and a supervisor might end on it.
func (r *Router) reload(ctx context.Context, s snapshot) error {
	if s.master.pid == r.found.info.State.Pid {
		ask, cancel := asking(ctx)
		defer cancel()
		if err := r.engine.ContainerKill(ask, r.found.id(), "HUP"); err != nil {
			return fmt.Errorf("reload nginx in %s: %w", r.found, err)
		}
		return nil
	}
	done, err := r.exec(ctx, append([]string{r.found.command, "-s", "reload"}, r.found.flags...)...)
	if err != nil {
		return fmt.Errorf("reload nginx in %s: %w", r.found, err)
	}
	if done.code != 0 {
		return deploy.Refuse(deploy.NginxNotSwitched, "nginx -s reload in %s failed: %s", r.found, complaint(done.stderr))
	}
	return nil
}
