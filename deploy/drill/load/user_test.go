package load

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// newTestUser is a user who gives up soon.
func newTestUser(t *testing.T, kind Kind, baseURL string) (*user, []Call) {
	t.Helper()
	base, err := url.Parse(baseURL)
	if err != nil {
		t.Fatal(err)
	}
	options := quick(kind)
	options.Timeout = 100 * time.Millisecond
	options, err = options.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	user := newUser(kind, base, options)
	t.Cleanup(user.leave)
	return user, options.Calls[kind]
}

// hijack takes the connection away from net/http, to treat it as a dying application would.
func hijack(t *testing.T, w http.ResponseWriter) *net.TCPConn {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		t.Error(err)
	}
	return conn.(*net.TCPConn)
}

func TestEveryFailureCounts(t *testing.T) {
	shop := func(answer string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Colour", "blue")
			fmt.Fprint(w, answer)
		}
	}
	for name, test := range map[string]struct {
		kind    Kind
		handler http.HandlerFunc
		want    string
		loss    Loss
	}{
		"bad gateway": {NoKeepAlive, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(502) }, "502 Bad Gateway", WrongAnswer},
		"redirect":    {NoKeepAlive, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/x", http.StatusFound) }, "302 Found", WrongAnswer},
		"no content":  {NoKeepAlive, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }, "204 No Content", WrongAnswer},
		"stranger":    {NoKeepAlive, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "Welcome!") }, "something else answered", WrongAnswer},
		"reset": {NoKeepAlive, func(w http.ResponseWriter, _ *http.Request) {
			conn := hijack(t, w)
			conn.SetLinger(0)
			conn.Close()
		}, "reset by peer", Closed},
		"closed": {KeepAlivePost, func(w http.ResponseWriter, _ *http.Request) { hijack(t, w).Close() }, "EOF", Closed},
		"cut in the middle": {Long, func(w http.ResponseWriter, _ *http.Request) {
			conn := hijack(t, w)
			fmt.Fprint(conn, "HTTP/1.1 200 OK\r\nX-Colour: blue\r\nContent-Length: 100\r\n\r\nhalf")
			conn.Close()
		}, "cut: after 4 bytes", Cut},
		"timeout":        {NoKeepAlive, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "deadline exceeded", TimedOut},
		"half a line":    {NoKeepAlive, shop(`{"service":`), "cut: the answer", Cut},
		"stream not end": {Stream, shop("blue 1\nblue 2\n"), "cut: the answer", Cut},
		"upload lost":    {Upload, shop(`{"bytes":6000}`), "cut: received 6000 bytes of 60000", Cut},
		"upload garbled": {KeepAlivePost, shop(`{"bytes"`), "cut: ", Cut},
		"no websocket":   {WebSocket, shop("home\n"), "200 OK", WrongAnswer},
		"websocket that is closed at once": {WebSocket, func(w http.ResponseWriter, _ *http.Request) {
			conn := hijack(t, w)
			fmt.Fprint(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nX-Colour: blue\r\n\r\n")
			conn.Close()
		}, "cut: the websocket", Cut},
	} {
		t.Run(name, func(t *testing.T) {
			user, calls := newTestUser(t, test.kind, serve(t, test.handler))
			request := user.send(t.Context(), calls[0])
			if !request.Failed() || !strings.Contains(request.Err, test.want) || request.Loss != test.loss {
				t.Errorf("recorded %q, %q, want %q, %q", request.Err, request.Loss, test.want, test.loss)
			}
			record := NewRecord([]Request{request}, 1)
			if record.Lost() != 1 || record.Lost(test.kind) != 1 || len(record.Failures) != 1 {
				t.Errorf("not counted:\n%s", record)
			}
		})
	}
}

// A stream that continues is left after its time. One that continued once, and ends before that, was cut: nginx may end
// it as if it were complete.
func TestStreamsThatContinue(t *testing.T) {
	endless := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Colour", "blue")
		for r.Context().Err() == nil {
			fmt.Fprintln(w, "blue")
			http.NewResponseController(w).Flush()
			time.Sleep(5 * time.Millisecond)
		}
	})
	ends := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Colour", "blue")
		fmt.Fprintln(w, "blue")
	})
	for url, want := range map[string]string{endless: "", ends: "is one that continues"} {
		user, calls := newTestUser(t, Stream, url)
		call := calls[0]
		call.Takes, call.Hold, call.Endless = 0, 50*time.Millisecond, true
		if request := user.send(t.Context(), call); request.Failed() != (want != "") || !strings.Contains(request.Err, want) {
			t.Errorf("want %q: %+v", want, request)
		}
	}
}

// closesIdle is what an nginx worker does at a reload: it answers one request on a connection, and closes it when
// the next one is on its way.
func closesIdle(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				in := bufio.NewReader(conn)
				for answer := range 2 {
					req, err := http.ReadRequest(in)
					if err != nil || answer == 1 {
						return
					}
					body := "home\n"
					if req.ContentLength > 0 {
						in.Discard(int(req.ContentLength))
						body = fmt.Sprintf(`{"bytes":%d}`, req.ContentLength)
					}
					fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nX-Colour: blue\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
				}
			}()
		}
	}()
	return "http://" + listener.Addr().String()
}

func TestRaceForAnIdleConnection(t *testing.T) {
	for kind, want := range map[Kind]Count{
		KeepAlive:     {Requests: 2, Resent: 1},
		KeepAlivePost: {Requests: 2, Failed: 1},
		NoKeepAlive:   {Requests: 2},
	} {
		user, calls := newTestUser(t, kind, closesIdle(t))
		requests := []Request{user.send(t.Context(), calls[0]), user.send(t.Context(), calls[0])}
		if got := NewRecord(requests, 1).Counts[kind]; got != want {
			t.Errorf("%s: %+v, want %+v: %+v", kind, got, want, requests)
		}
	}
}
