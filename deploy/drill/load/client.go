// Package load sends requests of several kinds to a web server, all at once, and writes down what each of them got. That
// record, and not any program's own log, is what tells whether a switch lost something.
//
// A request is lost if its client is left without the complete answer that it asked for, in time:
//
//   - no connection could be made, or it was closed before the answer had begun;
//   - the answer has another status than Call.Status;
//   - the answer ended early: its body is shorter than its length says, its last chunk is missing, or Call.Whole misses
//     something in it;
//   - the answer took longer than Call.Takes and Options.Timeout together.
//
// Each kind adds what is normal for its clients:
//
//   - a GET on a kept connection (KeepAlive) is sent again by net/http where the server closed the connection before it
//     began to answer. That is counted as Count.Resent and is not lost, because browsers and proxies do the same;
//   - a POST on a kept connection (KeepAlivePost) is sent again only if nothing of it was written. Any other may have had
//     an effect, and is lost;
//   - a Stream that continues is left after Call.Hold. One that ends before that is lost unless it is complete;
//   - a WebSocket has to stay open for Call.Hold, and to answer a ping then. One that is closed before that is lost,
//     with or without a close frame: its client has to connect again.
//
// Nothing else is lost: in particular not a connection that the server closes while no request is on it.
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

// Start begins to send requests to baseURL and continues until Stop, or until ctx is done.
func Start(ctx context.Context, baseURL string, options Options) (*Client, error) {
	base, err := options.parse(baseURL)
	if err != nil {
		return nil, err
	}
	options, err = options.withDefaults()
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(ctx)
	c := &Client{base: base, options: options, stop: stop}
	for _, kind := range options.kinds() {
		for range options.Workers {
			c.workers.Go(func() { c.work(ctx, kind) })
		}
	}
	return c, nil
}

// Try sends each call once, kind after kind, and returns what they got. It ends early with ctx.
func Try(ctx context.Context, baseURL string, options Options) ([]Request, error) {
	base, err := options.parse(baseURL)
	if err != nil {
		return nil, err
	}
	if options, err = options.withDefaults(); err != nil {
		return nil, err
	}
	var all []Request
	for _, kind := range options.kinds() {
		u := newUser(kind, base, options)
		for _, call := range options.Calls[kind] {
			if ctx.Err() != nil {
				u.leave()
				return all, context.Cause(ctx)
			}
			all = append(all, u.send(ctx, call))
		}
		u.leave()
	}
	return all, nil
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
	return NewRecord(requests, c.options.KeepFailures)
}

// work is one user: one request after the other, each call in turn, with pauses that keep the users out of step.
func (c *Client) work(ctx context.Context, kind Kind) {
	calls := c.options.Calls[kind]
	user := newUser(kind, c.base, c.options)
	defer user.leave()
	for turn := rand.IntN(len(calls)); pause(ctx, c.options.gap()); turn++ {
		// In flight when ctx ends, a request is answered all the same; its own limit still holds.
		request := user.send(context.WithoutCancel(ctx), calls[turn%len(calls)])
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
