package nginx

import (
	"context"
	"fmt"

	"github.com/containerd/errdefs"
	"golang.org/x/sync/errgroup"

	"bluegate/deploy/model"
)

// lost says which of the containers is no longer what it was when its addresses were learned. An address that one gives
// up is soon another container's, and the name may go with it, so that neither tells.
func (n *observed) lost(ctx context.Context, containers []model.Container) (string, error) {
	if n.engine == nil {
		return "", nil
	}
	lost := n.lostOne
	if n.opts.Lost != nil {
		lost = n.opts.Lost
	}
	words := make([]string, len(containers))
	group, ctx := errgroup.WithContext(ctx)
	for i, c := range containers {
		group.Go(func() (err error) {
			words[i], err = lost(ctx, c)
			return err
		})
	}
	err := group.Wait()
	for _, w := range words {
		if w != "" {
			return w, err
		}
	}
	return "", err
}

func (n *observed) lostOne(ctx context.Context, c model.Container) (string, error) {
	info, err := n.engine.ContainerInspect(ctx, c.ID)
	if errdefs.IsNotFound(err) {
		return fmt.Sprintf("container %s was removed", c.Name), nil
	}
	if err != nil {
		return "", fmt.Errorf("look at container %s again: %w", c.Name, err)
	}
	if !info.State.Running {
		return fmt.Sprintf("container %s does not run any more", c.Name), nil
	}
	now := map[string]bool{"": true}
	for _, at := range info.NetworkSettings.Networks {
		now[at.IPAddress], now[at.GlobalIPv6Address] = true, true
	}
	for _, ip := range ipsOf(c) {
		if !now[ip] {
			return fmt.Sprintf("container %s has not the address %s any more", c.Name, ip), nil
		}
	}
	return "", nil
}
