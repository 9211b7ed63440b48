package swarm

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/docker/docker/api/types/swarm"

	"bluegate/compose/engine"
)

// nodes knows the nodes of the Swarm. They are asked for again after nodesLast, or for a node that is not known.
type nodes struct {
	engine *engine.Engine

	mu   sync.Mutex
	own  string // the id of the node that is asked
	all  map[string]swarm.Node
	read time.Time
}

// nodesLast is how long what was said of the nodes is used.
const nodesLast = 10 * time.Second

// list returns the nodes by their id.
func (n *nodes) list(ctx context.Context, needed ...string) (map[string]swarm.Node, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	known := time.Since(n.read) < nodesLast
	for _, id := range needed {
		_, there := n.all[id]
		known = known && (there || id == "")
	}
	if known {
		return n.all, nil
	}
	ask, cancel := engine.Asking(ctx)
	defer cancel()
	list, err := n.engine.NodeList(ask, swarm.NodeListOptions{})
	if err == nil && n.own == "" {
		var info swarm.Info
		info, err = n.engine.Manager(ctx)
		n.own = info.NodeID
	}
	if err != nil {
		return nil, n.engine.SwarmUnreachable(fmt.Errorf("list the nodes of the Swarm: %w", err))
	}
	n.all, n.read = map[string]swarm.Node{}, time.Now()
	for _, node := range list {
		n.all[node.ID] = node
	}
	return n.all, nil
}

// addresses are those of all nodes, as nginx may name them.
func (n *nodes) addresses(ctx context.Context) (hosts []string, err error) {
	all, err := n.list(ctx)
	for _, node := range all {
		hosts = append(hosts, node.Status.Addr)
	}
	slices.Sort(hosts)
	return slices.Compact(hosts), err
}

// address is that of a node; empty: it is not known.
func (n *nodes) address(id string) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.all[id].Status.Addr
}

// here says whether a node is the one that is asked.
func (n *nodes) here(id string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return id != "" && id == n.own
}

// lost says that a task was on a node that is down or gone: what it does there cannot be told, and the Swarm does not wait
// for it.
func (n *nodes) lost(t swarm.Task) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	node, there := n.all[t.NodeID]
	return t.NodeID != "" && n.all != nil && (!there || node.Status.State == swarm.NodeStateDown)
}

// eligible is how many nodes a global service with these constraints runs on.
func (n *nodes) eligible(ctx context.Context, constraints []string) (int, error) {
	all, err := n.list(ctx)
	count := 0
	for _, node := range all {
		if node.Status.State == swarm.NodeStateReady && node.Spec.Availability == swarm.NodeAvailabilityActive && meets(node, constraints) {
			count++
		}
	}
	return count, err
}

// meets says whether a node meets placement constraints, as the Swarm's scheduler compares them: without regard to case.
// A constraint of another form is taken as met: the tasks that the Swarm makes say more.
func meets(node swarm.Node, constraints []string) bool {
	for _, c := range constraints {
		key, value, wanted := cutConstraint(c)
		has, known := attribute(node, key)
		if known && strings.EqualFold(has, value) != wanted {
			return false
		}
	}
	return true
}

// cutConstraint splits KEY==VALUE and KEY!=VALUE.
func cutConstraint(text string) (key, value string, equal bool) {
	if key, value, ok := strings.Cut(text, "!="); ok {
		return strings.TrimSpace(key), strings.TrimSpace(value), false
	}
	key, value, _ = strings.Cut(text, "==")
	return strings.TrimSpace(key), strings.TrimSpace(value), true
}

// attribute is what a constraint compares.
func attribute(node swarm.Node, key string) (value string, known bool) {
	lower := strings.ToLower(key)
	switch {
	case lower == "node.id":
		return node.ID, true
	case lower == "node.hostname":
		return node.Description.Hostname, true
	case lower == "node.role":
		return string(node.Spec.Role), true
	case lower == "node.platform.os":
		return node.Description.Platform.OS, true
	case strings.HasPrefix(lower, "node.labels."):
		return node.Spec.Labels[key[len("node.labels."):]], true
	case strings.HasPrefix(lower, "engine.labels."):
		return node.Description.Engine.Labels[key[len("engine.labels."):]], true
	}
	return "", false
}

// nodeName is what people call a node.
func nodeName(all map[string]swarm.Node, id string) string {
	if node, ok := all[id]; ok && node.Description.Hostname != "" {
		return node.Description.Hostname
	}
	return id
}
