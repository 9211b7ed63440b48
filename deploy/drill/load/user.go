package load

import (
	"context"
	"crypto/tls"
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
	dialer := net.Dialer{Timeout: options.Timeout}
	if options.Local {
		dialer.Control = onlyLoopback
	}
	return &user{kind, base, options, &http.Client{
		Transport: &http.Transport{
			DialContext:        dialer.DialContext,
			DisableKeepAlives:  !kind.keepsAlive(),
			DisableCompression: true,
			TLSClientConfig:    &tls.Config{InsecureSkipVerify: options.Insecure, ServerName: serverName(options.Header)},
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// serverName is the name that TLS asks for where requests have another host than the address that they are sent to.
func serverName(header http.Header) string {
	host := header.Get("Host")
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return host
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

// send makes one request and writes down how it went. It returns within the request's own time plus Options.Timeout.
func (u *user) send(ctx context.Context, call Call) Request {
	ctx, cancel := context.WithTimeout(ctx, call.lasts()+u.options.Timeout)
	defer cancel()
	var seen connections
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: seen.got})

	request := Request{Kind: u.kind, Path: call.name(), Start: time.Now()}
	err := u.exchange(ctx, call, &request)
	request.End = time.Now()
	request.Reused, request.Resent = seen.summary()
	if err != nil {
		request.Err, request.Loss = reason(err), lossOf(err, request.Status, call.Status)
	}
	return request
}

// exchange returns nil only for a complete answer.
func (u *user) exchange(ctx context.Context, call Call, request *Request) error {
	req, err := u.request(ctx, call)
	if err != nil {
		return err
	}
	resp, err := u.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	request.Status = resp.StatusCode
	request.Colour = named(resp.Header, u.options.ColourHeader)
	request.Version = named(resp.Header, u.options.VersionHeader)
	if u.kind == WebSocket && resp.StatusCode == http.StatusSwitchingProtocols {
		return u.hold(ctx, resp, call)
	}
	var end tail
	held, err := readFor(&end, resp.Body, call.Hold)
	switch {
	case resp.StatusCode != call.Status:
		return errors.New(resp.Status)
	case err != nil:
		return &cutError{fmt.Errorf("cut: after %d bytes: %w", end.size, err)}
	}
	// Without this, nginx's own welcome page, or whoever has inherited a container's address, would do.
	if u.options.ColourHeader != "" && request.Colour == "" {
		return fmt.Errorf("%d without the header %s: something else answered", resp.StatusCode, u.options.ColourHeader)
	}
	if call.Endless && !held {
		return &cutError{fmt.Errorf("cut: the answer ended after %d bytes, and is one that continues", end.size)}
	}
	if call.Whole == nil || held {
		return nil
	}
	if err := call.Whole(end.bytes); err != nil {
		return &cutError{err}
	}
	return nil
}

func (u *user) request(ctx context.Context, call Call) (*http.Request, error) {
	var body io.Reader
	if call.Body != nil {
		body = call.Body()
	}
	req, err := http.NewRequestWithContext(ctx, call.Method, strings.TrimSuffix(u.base.String(), "/")+call.Path, body)
	if err != nil {
		return nil, err
	}
	req.ContentLength = call.Size
	if call.Body != nil { // so that a body of which nothing was written is sent on another connection
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(call.Body()), nil }
	}
	for name, values := range u.options.Header {
		req.Header[name] = values
	}
	req.Host = req.Header.Get("Host")
	if u.kind == WebSocket {
		upgrade(req)
	}
	return req, nil
}

func named(header http.Header, name string) string {
	if name == "" {
		return ""
	}
	return header.Get(name)
}

// readFor reads an answer until it ends, or for so long where hold is not 0. held says that it was still going on then.
func readFor(to io.Writer, body io.ReadCloser, hold time.Duration) (held bool, err error) {
	if hold <= 0 {
		_, err = io.Copy(to, body)
		return false, err
	}
	var mu sync.Mutex
	enough := time.AfterFunc(hold, func() {
		mu.Lock()
		defer mu.Unlock()
		held = true
		body.Close()
	})
	_, err = io.Copy(to, body)
	enough.Stop()
	mu.Lock()
	defer mu.Unlock()
	if held {
		err = nil
	}
	return held, err
}

// tail keeps the end of what is written to it.
type tail struct {
	size  int64
	bytes []byte
}

// tailSize is how much of an answer is looked at.
const tailSize = 4096

func (t *tail) Write(p []byte) (int, error) {
	t.size += int64(len(p))
	t.bytes = append(t.bytes, p...)
	if more := len(t.bytes) - tailSize; more > 0 {
		t.bytes = append(t.bytes[:0], t.bytes[more:]...)
	}
	return len(p), nil
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
