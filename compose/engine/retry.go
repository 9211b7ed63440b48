package engine

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// repeating repeats a read request that the engine answered with an internal error, or only in part. A request that
// changes something is sent once: the engine may have done it, and only the caller can find out.
type repeating struct {
	once   http.RoundTripper
	leases *Leases
}

// repeats are the pauses before a request is repeated.
var repeats = []time.Duration{100 * time.Millisecond, 400 * time.Millisecond}

// RetryQuestions makes a client's transport repeat read requests, and refuse every other one once a lease has ended. The
// client must keep an *http.Transport, because it
// takes the dialer from it when it hands a connection over to a stream.
func RetryQuestions(outer *http.Transport, leases *Leases) *http.Transport {
	once := &http.Transport{
		// Both are set later, when the client knows its host.
		Proxy: func(req *http.Request) (*url.URL, error) {
			if outer.Proxy != nil {
				return outer.Proxy(req)
			}
			return nil, nil
		},
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if outer.DialContext != nil {
				return outer.DialContext(ctx, network, address)
			}
			return new(net.Dialer).DialContext(ctx, network, address)
		},
		TLSClientConfig: outer.TLSClientConfig,
		MaxIdleConns:    6, IdleConnTimeout: 30 * time.Second, // as in the client's own transport
	}
	scheme := "http"
	if outer.TLSClientConfig != nil {
		scheme = "https"
	}
	outer.RegisterProtocol(scheme, &repeating{once, leases})
	return outer
}

// streams matches the requests whose answers arrive in parts, as things happen.
var streams = regexp.MustCompile(`/(events|logs|archive|attach|stats|export|get)$`)

// RoundTrip implements http.RoundTripper.
func (r *repeating) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method != http.MethodGet && req.Method != http.MethodHead || req.Header.Get("Upgrade") != "" { // it changes something
		if err := r.leases.Ask(); err != nil {
			return nil, err
		}
		return r.once.RoundTrip(req)
	}
	for _, pause := range repeats {
		resp, whole := r.ask(req)
		if whole {
			return resp, nil
		}
		select {
		case <-req.Context().Done():
			return nil, req.Context().Err()
		case <-time.After(pause):
		}
	}
	return r.once.RoundTrip(req)
}

// ask sends the request once. whole is false if it should be repeated.
func (r *repeating) ask(req *http.Request) (resp *http.Response, whole bool) {
	resp, err := r.once.RoundTrip(req)
	if err != nil {
		return nil, false
	}
	if resp.StatusCode >= http.StatusInternalServerError {
		_ = resp.Body.Close()
		return nil, false
	}
	if streams.MatchString(req.URL.Path) || !strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json") {
		return resp, true
	}
	text, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil {
		return nil, false
	}
	resp.Body = io.NopCloser(bytes.NewReader(text))
	return resp, true
}

// CloseIdleConnections is called by http.Client.
func (r *repeating) CloseIdleConnections() {
	if t, ok := r.once.(*http.Transport); ok {
		t.CloseIdleConnections()
	}
}
