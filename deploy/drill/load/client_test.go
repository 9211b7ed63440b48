package load

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// goodShop answers as a shop does.
func goodShop(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Colour", "blue")
	w.Header().Set("X-Version", "v1")
	switch strings.TrimPrefix(r.URL.Path, "/signal") {
	case "/slow":
		d, _ := time.ParseDuration(r.FormValue("for"))
		time.Sleep(d)
		fmt.Fprintln(w, "slept")
	case "/stream":
		fmt.Fprint(w, "blue 1\nend\n")
	case "/upload":
		size, _ := io.Copy(io.Discard, r.Body)
		fmt.Fprintf(w, `{"bytes":%d}`, size)
	case "/socket":
		answerPings(w, r)
	case "/":
		fmt.Fprintln(w, "home")
	default:
		http.NotFound(w, r)
	}
}

// answerPings is a websocket that answers pings until it is closed.
func answerPings(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Upgrade") != "websocket" {
		http.Error(w, "no websocket", http.StatusUpgradeRequired)
		return
	}
	conn, in, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	fmt.Fprint(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nX-Colour: blue\r\nX-Version: v1\r\n\r\n")
	frame := make([]byte, len(pingFrame))
	for {
		if _, err := io.ReadFull(in, frame); err != nil || frame[0] == closeFrame[0] {
			return
		}
		_, _ = conn.Write([]byte{0x8a, 0})
	}
}

func serve(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

// run loads url for a while.
func run(t *testing.T, url string, options Options, length time.Duration) Record {
	t.Helper()
	users, err := Start(t.Context(), url, options)
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(length)
	return users.Stop()
}

func TestGoodShopLosesNothing(t *testing.T) {
	record := run(t, serve(t, goodShop), quick(), 300*time.Millisecond)
	if record.Lost() != 0 {
		t.Errorf("lost requests:\n%s", record)
	}
	paths := map[string]bool{}
	for _, request := range record.Requests {
		paths[request.Path] = true
		if request.Reused && !request.Kind.keepsAlive() {
			t.Errorf("%s re-used a connection", request.Kind)
		}
		want := 200
		if request.Kind == WebSocket {
			want = 101
		}
		if request.Colour != "blue" || request.Version != "v1" || request.Status != want || request.End.Before(request.Start) || request.Loss != "" {
			t.Errorf("recorded %+v", request)
		}
	}
	if len(paths) != 2 {
		t.Errorf("asked only %v", paths)
	}
	for _, kind := range AllKinds() {
		if record.Counts[kind].Requests == 0 {
			t.Errorf("no %s request", kind)
		}
	}
}

func TestKeepAliveKeepsItsConnection(t *testing.T) {
	options := quick(KeepAlive, KeepAlivePost)
	record := run(t, serve(t, goodShop), options, 200*time.Millisecond)
	fresh := 0
	for _, request := range record.Requests {
		if !request.Reused {
			fresh++
		}
	}
	if want := 2 * 4; fresh > want || len(record.Requests) <= want {
		t.Errorf("%d connections for %d requests of %d users", fresh, len(record.Requests), want)
	}
}

func TestStopWaitsForRequestsInFlight(t *testing.T) {
	arrived := make(chan struct{}, 100)
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		goodShop(w, r)
	})
	options := quick(Long)
	options.Calls[Long][0].Path, options.Calls[Long][0].Takes = "/slow?for=150ms", 150*time.Millisecond
	ctx, cancel := context.WithCancel(t.Context())
	users, err := Start(ctx, url, options)
	if err != nil {
		t.Fatal(err)
	}
	<-arrived
	cancel() // the caller's context ends the load like Stop does, and cuts nothing either
	record := users.Stop()
	if len(record.Requests) == 0 || record.Lost() != 0 {
		t.Errorf("after Stop:\n%s", record)
	}
}

func TestRateIsBounded(t *testing.T) {
	options := quick(NoKeepAlive, KeepAlive)
	options.Rate = 100
	record := run(t, serve(t, goodShop), options, 500*time.Millisecond)
	if n := len(record.Requests); n < 10 || n > 90 {
		t.Errorf("%d requests in half a second at 100 per second", n)
	}
}

func TestRateIsBoundedWhenNobodyListens(t *testing.T) {
	server := httptest.NewServer(nil)
	server.Close()
	options := quick(NoKeepAlive, KeepAlive)
	options.Rate, options.KeepFailures = 100, 3
	record := run(t, server.URL, options, 500*time.Millisecond)
	if n := len(record.Requests); n < 10 || n > 90 || record.Lost() != n || len(record.Failures) != 3 {
		t.Errorf("%d requests, %d lost, %d kept", n, record.Lost(), len(record.Failures))
	}
	if loss := record.Failures[0].Loss; loss != NotConnected {
		t.Errorf("lost as %q", loss)
	}
}

func TestTryAsksEachCallOnce(t *testing.T) {
	asked, err := Try(t.Context(), serve(t, goodShop), quick())
	if err != nil || len(asked) != 2*len(AllKinds()) {
		t.Fatalf("%d requests, %v", len(asked), err)
	}
	for _, request := range asked {
		if request.Failed() {
			t.Error(request)
		}
	}
}

func TestHostAndHeadersAreSent(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Host != "shop.example.com" || r.Header.Get("X-Probe") != "yes" {
			http.Error(w, "who?", http.StatusBadRequest)
			return
		}
		goodShop(w, r)
	})
	options := quick(NoKeepAlive, WebSocket)
	options.Header = http.Header{"Host": {"shop.example.com"}, "X-Probe": {"yes"}}
	asked, err := Try(t.Context(), url, options)
	if err != nil || NewRecord(asked, 9).Lost() > 0 {
		t.Errorf("%v, %v", asked, err)
	}
}
