package enginetest

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/docker/docker/client"

	"bluegate/compose/engine"
)

// Fake is an engine that is a function.
type Fake func(*http.Request) (*http.Response, error)

func (a Fake) RoundTrip(req *http.Request) (*http.Response, error) { return a(req) }

func (a Fake) Engine(t *testing.T) *engine.Engine {
	t.Helper()
	c, err := client.NewClientWithOpts(client.WithVersion("1.41"), client.WithHTTPClient(&http.Client{Transport: a}))
	if err != nil {
		t.Fatal(err)
	}
	return &engine.Engine{Client: c, Endpoint: "unix:///fake.sock"}
}

func Status(code int) (*http.Response, error) {
	return &http.Response{StatusCode: code, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(`{"message":"x"}`))}, nil
}

func Hangs(req *http.Request) (*http.Response, error) {
	<-req.Context().Done()
	return nil, req.Context().Err()
}
