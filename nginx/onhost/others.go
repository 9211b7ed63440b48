//go:build linux

package onhost

import (
	"context"
	"fmt"

	"bluegate/deploy/model"
	"bluegate/nginx/agent"
	"bluegate/nginx/instance"
)

// Others are the nginxes of this machine other than the one with this ID. Only those are read whose executable Find would run.
func Others(ctx context.Context, opts instance.Options, dir *model.Addresses, than string) (all []instance.Other, err error) {
	processes, err := agent.Processes(agent.Scope{})
	if err != nil {
		return nil, fmt.Errorf("list processes to find every nginx: %w", err)
	}
	masters, err := hostedMasters(ctx, opts, processes)
	if err != nil {
		return nil, err
	}
	for _, h := range masters {
		if h.ID() == than {
			continue
		}
		other, err := instance.ReadOther(ctx, h, dir.SeenFrom(h.IsDockerHost).OnlyPublished())
		if !h.StillThere(ctx) {
			continue
		}
		if err != nil { // a special file, or one that this process may not read
			other.Unread = err
		}
		other.Exempt = "stop it"
		all = append(all, other)
	}
	return all, nil
}
