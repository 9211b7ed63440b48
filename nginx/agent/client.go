package agent

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// Client speaks to a Serve at the other end of two streams. It may be used by several goroutines.
type Client struct {
	in      io.Writer
	writing chan struct{} // one request is written at a time; what waits for that gives up with its context
	mu      sync.Mutex    // never held while something is written
	next    int
	waiting map[int]chan Response
	ended   error
}

// ErrEnded says that the agent ended: so did the nginx next to which it stood, or someone removed its container.
var ErrEnded = errors.New("the agent next to nginx ended")

// NewClient begins to read answers from out until it ends.
func NewClient(in io.Writer, out io.Reader) *Client {
	c := &Client{in: in, writing: make(chan struct{}, 1), waiting: map[int]chan Response{}}
	go c.read(out)
	return c
}

func (c *Client) read(out io.Reader) {
	lines := bufio.NewReaderSize(out, 64<<10)
	var noise string
	for {
		line, err := lines.ReadBytes('\n') // of any length: a folder of configuration, 20,000 connections
		if len(line) == 0 && err != nil {
			break
		}
		var resp Response
		if err := json.Unmarshal(line, &resp); err != nil {
			noise = strings.TrimSpace(string(line))
			continue
		}
		c.mu.Lock()
		if ch := c.waiting[resp.ID]; ch != nil {
			ch <- resp
			delete(c.waiting, resp.ID)
		}
		c.mu.Unlock()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = ErrEnded
	if noise != "" {
		c.ended = fmt.Errorf("%w: %s", c.ended, noise)
	}
	for id, ch := range c.waiting {
		close(ch)
		delete(c.waiting, id)
	}
}

// Ask sends a request and waits for its answer. The error is the connection's; what went wrong at the other end stands
// in the response.
func (c *Client) Ask(ctx context.Context, req Request) (Response, error) {
	ch := make(chan Response, 1)
	c.mu.Lock()
	if c.ended != nil {
		c.mu.Unlock()
		return Response{}, c.ended
	}
	c.next++
	req.ID = c.next
	c.waiting[req.ID] = ch
	c.mu.Unlock()
	text, err := json.Marshal(req)
	if err == nil {
		err = c.send(ctx, append(text, '\n'))
	}
	if err != nil {
		c.mu.Lock()
		delete(c.waiting, req.ID)
		c.mu.Unlock()
		return Response{}, fmt.Errorf("ask the agent next to nginx: %w", err)
	}
	select {
	case resp, ok := <-ch:
		if !ok {
			return Response{}, c.ended
		}
		return resp, nil
	case <-ctx.Done():
		return Response{}, fmt.Errorf("wait for the agent next to nginx: %w", ctx.Err())
	}
}

// sendLimit is how long the other end may take to accept a request.
const sendLimit = 15 * time.Second

// leastSend is the time in which a request can be sent.
const leastSend = 20 * time.Millisecond

// send gives up with the context's deadline: an engine that stands still takes only so many bytes.
func (c *Client) send(ctx context.Context, line []byte) error {
	select {
	case c.writing <- struct{}{}:
		defer func() { <-c.writing }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if conn, ok := c.in.(interface{ SetWriteDeadline(time.Time) error }); ok {
		until, bounded := ctx.Deadline()
		if bounded && time.Until(until) < leastSend { // half a request would end the other end
			return context.DeadlineExceeded
		}
		if latest := time.Now().Add(sendLimit); !bounded || until.After(latest) {
			until = latest
		}
		if err := conn.SetWriteDeadline(until); err != nil {
			return err
		}
	}
	_, err := c.in.Write(line)
	return err
}

// Ended says whether the other end is gone.
func (c *Client) Ended() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ended != nil
}
