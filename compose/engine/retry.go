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

// repeating repeats a question that the engine answered with a fault of its own, or with half an answer. What changes
// something is asked once: the engine may have done it, and only its caller knows how to find out.
type repeating struct{ once http.RoundTripper }

// repeats are the pauses before a question is asked again.
var repeats = []time.Duration{100 * time.Millisecond, 400 * time.Millisecond}

// RetryQuestions makes a client's transport repeat questions. The client has to keep an *http.Transport, from which it
// takes how to connect when it hands a connection over to a stream.
func RetryQuestions(outer *http.Transport) *http.Transport {
	once := &http.Transport{
		// Both are set later, when the client learns its host.
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
		MaxIdleConns:    6, IdleConnTimeout: 30 * time.Second, // as the client itself has it
	}
	scheme := "http"
	if outer.TLSClientConfig != nil {
		scheme = "https"
	}
	outer.RegisterProtocol(scheme, &repeating{once})
	return outer
}

// streams are answers that come piece by piece, as things happen or as they are asked for.
var streams = regexp.MustCompile(`/(events|logs|archive|attach|stats|export|get)$`)

// RoundTrip implements http.RoundTripper.
func (r *repeating) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method != http.MethodGet && req.Method != http.MethodHead || req.Header.Get("Upgrade") != "" {
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

// ask asks once. whole is false when it is worth asking again.
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

// CloseIdleConnections is asked for by http.Client.
func (r *repeating) CloseIdleConnections() {
	if t, ok := r.once.(*http.Transport); ok {
		t.CloseIdleConnections()
	}
}
