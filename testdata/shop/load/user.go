package load

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"time"
)

// user is one client with connections of its own.
type user struct {
	kind    Kind
	base    *url.URL
	options Options
	http    *http.Client
}

func newUser(kind Kind, base *url.URL, options Options) *user {
	dialer := net.Dialer{Timeout: options.Timeout, Control: onlyLoopback}
	return &user{kind, base, options, &http.Client{
		Transport: &http.Transport{
			DialContext:        dialer.DialContext,
			DisableKeepAlives:  !kind.keepsAlive(),
			DisableCompression: true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func (u *user) leave() { u.http.CloseIdleConnections() }

// onlyLoopback looks at the address that is about to be dialled: "localhost" is only a name.
func onlyLoopback(_, address string, _ syscall.RawConn) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	if !net.ParseIP(host).IsLoopback() {
		return fmt.Errorf("%s is not this machine", address)
	}
	return nil
}

// send makes one request below path and writes down how it went. It returns within the request's own time plus
// Options.Timeout.
func (u *user) send(ctx context.Context, path string) Request {
	call := u.kind.call(u.options)
	ctx, cancel := context.WithTimeout(ctx, call.takes+u.options.Timeout)
	defer cancel()
	var seen connections
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: seen.got})

	request := Request{Kind: u.kind, Path: path, Start: time.Now()}
	err := u.exchange(ctx, call, &request)
	request.End = time.Now()
	request.Reused, request.Resent = seen.summary()
	if err != nil {
		request.Err = reason(err)
	}
	return request
}

// exchange returns nil only for a complete answer of the shop's with status 200.
func (u *user) exchange(ctx context.Context, call call, request *Request) error {
	target := strings.TrimSuffix(u.base.String(), "/") + request.Path + call.path
	req, err := http.NewRequestWithContext(ctx, call.method, target, call.body)
	if err != nil {
		return err
	}
	req.ContentLength = call.size
	resp, err := u.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	request.Status = resp.StatusCode
	request.Colour = resp.Header.Get("X-Colour")
	request.Version = resp.Header.Get("X-Version")
	answer, err := io.ReadAll(resp.Body)
	switch {
	case resp.StatusCode != http.StatusOK:
		return errors.New(resp.Status)
	case err != nil:
		return fmt.Errorf("cut: after %d bytes: %w", len(answer), err)
	}
	// Without this, nginx's own welcome page, or whoever has inherited a container's address, would do.
	if request.Colour == "" {
		return errors.New("200, but not from the shop")
	}
	return call.whole(answer)
}

// reason drops the URL that net/http puts in front: the request has its path already.
func reason(err error) string {
	if wrapped := (*url.Error)(nil); errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	return err.Error()
}

// connections counts the connections that one request was sent on. The hook may be called from goroutines of
// net/http's, even after the request has ended.
type connections struct {
	mu     sync.Mutex
	count  int
	reused bool // the last one
}

func (c *connections) got(info httptrace.GotConnInfo) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count++
	c.reused = info.Reused
}

func (c *connections) summary() (reused bool, resent int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.reused, max(0, c.count-1)
}
