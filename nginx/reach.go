package nginx

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"bluegate/compose/engine"
	"bluegate/deploy/model"
	"bluegate/nginx/agent"
)

// connectLimit is how long an address may take to accept a connection: all of them are on this engine's networks.
const connectLimit = 3 * time.Second

// proxyHold is how long the engine's proxy for a published port may take to find out that nobody listens behind it: it
// connects on the same machine.
const proxyHold = 300 * time.Millisecond

// Reach implements model.Nginx.
func (n *observed) Reach(ctx context.Context, targets []model.Target) error {
	if err := n.there(); err != nil {
		return err
	}
	if n.found.IsRunning() {
		if err := n.found.Follow(ctx, nil); err != nil {
			return unreachable(err)
		}
	}
	return n.reachable(ctx, targets)
}

// reachable is Reach from where nginx was last seen.
func (n *observed) reachable(ctx context.Context, targets []model.Target) error {
	reasons := make([][]model.Reason, len(targets))
	group, ctx := errgroup.WithContext(ctx)
	for i, t := range targets {
		group.Go(func() (err error) {
			reasons[i], err = n.reach(ctx, t)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return unreachable(err)
	}
	if all := slices.Concat(reasons...); len(all) > 0 {
		return &model.RefusedError{Reasons: all}
	}
	return nil
}

// reachOf is what the agent is asked for a target.
func reachOf(t model.Target) agent.Reach {
	r := agent.Reach{Host: t.Endpoint.Host, Port: t.Endpoint.Port, Timeout: connectLimit}
	if t.Endpoint.Published {
		r.Hold = proxyHold
	}
	return r
}

func (n *observed) reach(ctx context.Context, t model.Target) ([]model.Reason, error) {
	ctx, cancel := engine.Asking(ctx)
	defer cancel()
	r := reachOf(t)
	resp, err := n.found.Ask(ctx, agent.Request{Reach: &r})
	if err != nil {
		return nil, err
	}
	return n.judgeReach(ctx, t, resp)
}

// judgeReach says why an answer about a target is not that its name leads to the release's containers, all of which accept
// connections.
func (n *observed) judgeReach(ctx context.Context, t model.Target, resp agent.Response) ([]model.Reason, error) {
	reason := model.Reason{Code: model.NotReachable, Service: t.Endpoint.Service}
	if resp.Error != "" {
		reason.Message = fmt.Sprintf("from where %s stands, %s", n.found, resp.Error)
		return []model.Reason{reason}, nil
	}
	if gone, err := n.lost(ctx, t.Containers); err != nil {
		return nil, err
	} else if gone != "" {
		reason.Message = fmt.Sprintf("%s leads to what is not the release's: %s", t.Endpoint.Address(), gone)
		return []model.Reason{reason}, nil
	}
	if t.Endpoint.Published {
		return n.atTheEngine(t, reason, resp.Addresses), nil
	}
	if stranger, missing := compare(resp.Addresses, t.Containers); stranger != "" || missing != "" {
		reason.Message = fmt.Sprintf("from where %s stands, the name %s leads to %s, which is not the release's (%s)", n.found, t.Endpoint.Host, stranger, missing)
		if stranger == "" {
			reason.Message = fmt.Sprintf("from where %s stands, the name %s does not lead to %s", n.found, t.Endpoint.Host, missing)
		}
		return []model.Reason{reason}, nil
	}
	var reasons []model.Reason
	for _, a := range resp.Addresses {
		if a.Error == "" {
			continue
		}
		again := reason
		again.Message = fmt.Sprintf("from where %s stands, %s (%s) does not accept a connection: %s; does the app listen on 0.0.0.0, and on this port?", n.found, t.Endpoint.Address(), a.IP, a.Error)
		if c, ok := owner(a.IP, t.Containers); ok {
			again.Container, again.ContainerID = c.Name, c.ID
		}
		reasons = append(reasons, again)
	}
	return reasons, nil
}

// atTheEngine judges a published port: it must be the release's, and one of the host's addresses must accept. A name
// such as localhost has an address of each family, and a port may be bound to one of them.
func (n *observed) atTheEngine(t model.Target, reason model.Reason, addresses []agent.Address) []model.Reason {
	owns := func(c model.Container) bool {
		return slices.ContainsFunc(c.Published, func(p model.Published) bool { return p.Port == t.Endpoint.Port && p.Answers(t.Endpoint.Host) })
	}
	if !slices.ContainsFunc(t.Containers, owns) {
		reason.Message = fmt.Sprintf("no container of %s publishes the port of %s on the engine's host", t.Endpoint.Service, t.Endpoint.Address())
		return []model.Reason{reason}
	}
	if slices.ContainsFunc(addresses, func(a agent.Address) bool { return a.Error == "" }) {
		return nil
	}
	for _, a := range addresses {
		reason.Message = fmt.Sprintf("from where %s stands, %s (%s) does not accept a connection: %s; does the app listen on 0.0.0.0, and on this port?", n.found, t.Endpoint.Address(), a.IP, a.Error)
	}
	return []model.Reason{reason}
}

// compare finds an address that is none of the containers', and a container that none of the addresses leads to.
func compare(addresses []agent.Address, containers []model.Container) (stranger, missing string) {
	for _, a := range addresses {
		if _, ok := owner(a.IP, containers); !ok {
			stranger = a.IP
		}
	}
	for _, c := range containers {
		if !slices.ContainsFunc(addresses, func(a agent.Address) bool { return has(c, a.IP) }) {
			missing = c.Name + " " + strings.Join(ipsOf(c), " ")
		}
	}
	return stranger, missing
}

func owner(ip string, containers []model.Container) (model.Container, bool) {
	i := slices.IndexFunc(containers, func(c model.Container) bool { return has(c, ip) })
	if i < 0 {
		return model.Container{}, false
	}
	return containers[i], true
}

func has(c model.Container, ip string) bool { return slices.Contains(ipsOf(c), ip) }

func ipsOf(c model.Container) (ips []string) {
	for _, ip := range c.Addresses {
		ips = append(ips, ip)
	}
	slices.Sort(ips)
	return ips
}
