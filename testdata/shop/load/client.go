// Package load is the demo shop's users: clients of several kinds, all at once, that write down what each of their
// requests got. That record, and not any program's own log, is what tells whether a deployment lost something.
//
//	users, err := load.Start(ctx, "http://127.0.0.1:8080", load.Options{})
//	…
//	record := users.Stop()
//	if record.Lost() > 0 { fmt.Print(record) }
package load

import (
	"context"
	"math/rand/v2"
	"net/url"
	"slices"
	"sync"
	"time"
)

// Client is a running load. Its methods may be called from any goroutine.
type Client struct {
	base    *url.URL
	options Options
	stop    context.CancelFunc
	workers sync.WaitGroup

	mu       sync.Mutex
	requests []Request
}

// Start begins to send requests to baseURL and continues until Stop, or until ctx is done. It refuses a host that is
// not this machine: a load generator must not be pointed at someone else's by a slip.
func Start(ctx context.Context, baseURL string, options Options) (*Client, error) {
	base, err := parseLoopback(baseURL)
	if err != nil {
		return nil, err
	}
	options, err = options.withDefaults()
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(ctx)
	c := &Client{base: base, options: options, stop: stop}
	for _, kind := range options.Kinds {
		for range options.Workers {
			c.workers.Go(func() { c.work(ctx, kind) })
		}
	}
	return c, nil
}

// Stop sends no more requests, waits for those in flight, and returns the whole record. Nothing is cut short: a
// request that is still in flight at the end is the one that a careless switch loses.
func (c *Client) Stop() Record {
	c.stop()
	c.workers.Wait()
	return c.Record()
}

// Record returns what is known so far. Requests in flight are not in it yet.
func (c *Client) Record() Record {
	c.mu.Lock()
	requests := slices.Clone(c.requests)
	c.mu.Unlock()
	return newRecord(requests, c.options.KeepFailures)
}

// work is one user: one request after the other, each upstream in turn, with pauses that keep the users out of step.
func (c *Client) work(ctx context.Context, kind Kind) {
	user := newUser(kind, c.base, c.options)
	defer user.leave()
	for turn := rand.IntN(len(c.options.Paths)); pause(ctx, c.options.gap()); turn++ {
		// In flight when ctx ends, a request is answered all the same; its own limit still holds.
		request := user.send(context.WithoutCancel(ctx), c.options.Paths[turn%len(c.options.Paths)])
		c.mu.Lock()
		c.requests = append(c.requests, request)
		c.mu.Unlock()
	}
}

// pause reports whether the user is to continue.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return ctx.Err() == nil
	}
}
