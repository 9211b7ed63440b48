package nginx

import (
	"context"
	"fmt"

	"bluegate/deploy/model"
	"bluegate/nginx/agent"
)

// reload implements place. HUP goes through the engine only when the container's first process is
// the master itself: a shell would ignore it, and a supervisor might end on it.
func (c *contained) reload(ctx context.Context, s agent.Snapshot) error {
	if s.Master.PID == c.info.State.Pid {
		ask, cancel := asking(ctx)
		defer cancel()
		if err := c.engine.ContainerKill(ask, c.id(), "HUP"); err != nil {
			return fmt.Errorf("reload nginx in %s: %w", c, err)
		}
		return nil
	}
	done, err := c.exec(ctx, append([]string{c.command, "-s", "reload"}, c.flags...)...)
	if err != nil {
		return fmt.Errorf("reload nginx in %s: %w", c, err)
	}
	if done.code != 0 {
		return model.Refuse(model.NginxNotSwitched, "nginx -s reload in %s failed: %s", c, complaint(done.stderr))
	}
	return nil
}
