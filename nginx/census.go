package nginx

import (
	"context"
	"slices"
	"strings"
	"time"

	"bluegate/deploy"
	"bluegate/nginx/helper"
)

// A census counts the connections from nginx's network namespace to the old colour's containers, for people: what a
// drain waits for has an age and an address. Nothing is decided by it, and where it cannot be taken nothing is said.
type census struct {
	nginx  place
	old    []deploy.Container
	began  time.Time
	last   time.Time
	seen   map[helper.Socket]time.Time // when each open connection was first seen
	counts []deploy.Open
	failed bool
}

const (
	// pollCensus is the pause between two counts.
	pollCensus = time.Second
	// longDrain is after how long a helper is started for the sake of counting.
	longDrain = time.Second
)

func (r *Router) census(old []deploy.Container) *census {
	return &census{nginx: r.found, old: old, began: time.Now(), seen: map[helper.Socket]time.Time{}}
}

// count returns the last count, or a new one when that is old.
func (c *census) count(ctx context.Context) []deploy.Open {
	if c.failed || len(c.old) == 0 || time.Since(c.last) < pollCensus {
		return c.counts
	}
	if !c.nginx.prepared() && time.Since(c.began) < longDrain {
		return nil
	}
	if err := c.nginx.prepare(ctx, nil); err != nil {
		c.failed = true
		return nil
	}
	ask, cancel := asking(ctx)
	defer cancel()
	resp, err := c.nginx.ask(ask, helper.Request{Connections: &helper.Connections{To: c.addresses()}})
	if c.failed = err != nil || resp.Error != ""; c.failed {
		c.counts = nil
		return nil
	}
	c.last = time.Now()
	c.remember(resp.Open)
	c.counts = c.perContainer(resp.Open)
	return c.counts
}

// addresses are those of the old containers; a container has one on each of its networks.
func (c *census) addresses() (ips []string) {
	for _, old := range c.old {
		for _, ip := range old.Addresses {
			if ip != "" { // of a container that does not run
				ips = append(ips, ip)
			}
		}
	}
	return ips
}

// remember forgets what is closed: its ends may be used again.
func (c *census) remember(open []helper.Socket) {
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

func (c *census) perContainer(open []helper.Socket) (counts []deploy.Open) {
	for _, old := range c.old {
		count := deploy.Open{Container: old.Name}
		for _, s := range open {
			if leadsTo(s, old) {
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

func leadsTo(s helper.Socket, c deploy.Container) bool {
	host := strings.Trim(s.Remote[:strings.LastIndex(s.Remote, ":")], "[]")
	for _, ip := range c.Addresses {
		if ip == host {
			return true
		}
	}
	return false
}
