package nginx

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"bluegate/compose/engine"
	"bluegate/deploy/model"
	"bluegate/nginx/agent"
	"bluegate/nginx/instance"
)

// A census counts the connections from nginx's network namespace to the old colour's containers, for people: what a
// drain waits for has an age and an address. Nothing is decided by it, and where it cannot be taken nothing is said.
type census struct {
	nginx  instance.Instance
	old    []model.Container
	began  time.Time
	last   time.Time
	seen   map[agent.Socket]time.Time // when each open connection was first seen
	counts []model.OpenConnections
	failed bool
}

const (
	// pollCensus is the pause between two counts.
	pollCensus = time.Second
	// longDrain is after how long a helper is started for the sake of counting.
	longDrain = time.Second
)

func (n *observed) census(old []model.Container) *census {
	return &census{nginx: n.found, old: old, began: time.Now(), seen: map[agent.Socket]time.Time{}}
}

// count returns the last count, or a new one when that is old.
func (c *census) count(ctx context.Context) []model.OpenConnections {
	if c.failed || len(c.old) == 0 || time.Since(c.last) < pollCensus {
		return c.counts
	}
	if !c.nginx.Prepared() && time.Since(c.began) < longDrain {
		return nil
	}
	if err := c.nginx.Prepare(ctx, nil); err != nil {
		c.failed = true
		return nil
	}
	ask, cancel := engine.Asking(ctx)
	defer cancel()
	resp, err := c.nginx.Ask(ask, agent.Request{Connections: connectionsTo(c.old)})
	if ctx.Err() != nil { // the end of the drain cut the question off, and what was last seen is what it ended with
		return c.counts
	}
	if c.failed = err != nil || resp.Error != ""; c.failed {
		c.counts = nil
		return nil
	}
	c.last = time.Now()
	c.remember(resp.Open)
	c.counts = c.perContainer(resp.Open)
	return c.counts
}

// connectionsTo asks for all connections that may lead to containers: a container has an address on each of its
// networks, and ports of its own on the engine's host.
func connectionsTo(old []model.Container) *agent.Connections {
	to := &agent.Connections{To: []string{}}
	for _, c := range old {
		for _, ip := range c.Addresses {
			if ip != "" { // of a container that does not run
				to.To = append(to.To, ip)
			}
		}
		for _, p := range c.Published {
			to.Ports = append(to.Ports, p.Port)
		}
	}
	return to
}

// remember forgets what is closed: its ends may be used again.
func (c *census) remember(open []agent.Socket) {
	for known := range c.seen {
		if !slices.Contains(open, known) {
			delete(c.seen, known)
		}
	}
	for _, s := range open {
		if _, known := c.seen[s]; !known {
			c.seen[s] = c.last
		}
	}
}

func (c *census) perContainer(open []agent.Socket) (counts []model.OpenConnections) {
	for _, old := range c.old {
		count := model.OpenConnections{Container: old.Name}
		for _, s := range open {
			if leadsTo(s, old, c.nginx.IsDockerHost) {
				count.Connections++
				count.Oldest = max(count.Oldest, c.last.Sub(c.seen[s]))
			}
		}
		if count.Connections > 0 {
			counts = append(counts, count)
		}
	}
	return counts
}

// leadsTo says whether a connection leads to a container, at an address of its own or at a port that it publishes. Where
// nginx stands on the engine's host, its connection to a published port is the one that counts, and the engine's own
// from there to the container is not nginx's.
func leadsTo(s agent.Socket, c model.Container, isEngine func(host string) bool) bool {
	remote, err := netip.ParseAddrPort(s.Remote)
	if err != nil {
		return false
	}
	for _, ip := range c.Addresses {
		if ip == remote.Addr().String() {
			return true
		}
	}
	return slices.ContainsFunc(c.Published, func(p model.Published) bool {
		return p.Port == int(remote.Port()) && isEngine(remote.Addr().String())
	})
}
