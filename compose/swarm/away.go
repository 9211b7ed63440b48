package swarm

import (
	"context"
	"slices"

	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/swarm"

	"bluegate/deploy/model"
)

// Own implements model.Nodes.
func (s *Stack) Own(ctx context.Context) (string, error) {
	_, err := s.nodes.list(ctx)
	s.nodes.mu.Lock()
	defer s.nodes.mu.Unlock()
	return s.nodes.own, err
}

// Away implements model.Nodes.
func (s *Stack) Away(ctx context.Context, at, nginx string, found bool) (string, error) {
	own, err := s.Own(ctx)
	if err != nil {
		return "", err
	}
	nodes, err := s.nodes.list(ctx, at)
	if err != nil {
		return "", err
	}
	attached, err := ask(ctx, s, "list what is attached to the networks of the Swarm", func(ctx context.Context) ([]swarm.Task, error) {
		return s.engine.TaskList(ctx, swarm.TaskListOptions{Filters: filters.NewArgs(filters.Arg("runtime", string(swarm.RuntimeNetworkAttachment)))})
	})
	if err != nil {
		return "", err
	}
	return away(attached, nodes, own, at, nginx, found), nil
}

// away is the node on which an nginx may serve users, and which is not the one that is asked. A container that is attached to
// a network of the Swarm has a task, which says on which node it is. Where nginx is attached to none, the node that had it may
// still run it, unless it was made again on this one. A node that is down or gone does not count.
func away(attached []swarm.Task, nodes map[string]swarm.Node, own, at, nginx string, found bool) string {
	i := slices.IndexFunc(attached, func(t swarm.Task) bool {
		return t.Spec.NetworkAttachmentSpec != nil && t.Spec.NetworkAttachmentSpec.ContainerID == nginx && !hasEnded(t)
	})
	if i >= 0 {
		at = attached[i].NodeID
	}
	node, there := nodes[at]
	if at == own || !there || node.Status.State == swarm.NodeStateDown || found && i < 0 {
		return ""
	}
	return nodeName(nodes, at)
}

var _ model.Nodes = (*Stack)(nil)
