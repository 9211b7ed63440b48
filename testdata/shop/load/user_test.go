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
func newTestUser(t *testing.T, kind Kind, baseURL string) *user {
	t.Helper()
	base, err := url.Parse(baseURL)
	if err != nil {
		t.Fatal(err)
	}
	options := quick()
	options.Timeout = 100 * time.Millisecond
	options, err = options.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	user := newUser(kind, base, options)
	t.Cleanup(user.leave)
	return user
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
	}{
		"bad gateway": {NoKeepAlive, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(502) }, "502 Bad Gateway"},
		"redirect":    {NoKeepAlive, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/x", http.StatusFound) }, "302 Found"},
		"no content":  {NoKeepAlive, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }, "204 No Content"},
		"stranger":    {NoKeepAlive, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "Welcome!") }, "not from the shop"},
		"reset": {NoKeepAlive, func(w http.ResponseWriter, _ *http.Request) {
			conn := hijack(t, w)
			conn.SetLinger(0)
			conn.Close()
		}, "reset by peer"},
		"closed": {KeepAlivePost, func(w http.ResponseWriter, _ *http.Request) { hijack(t, w).Close() }, "EOF"},
		"cut in the middle": {Long, func(w http.ResponseWriter, _ *http.Request) {
			conn := hijack(t, w)
			fmt.Fprint(conn, "HTTP/1.1 200 OK\r\nX-Colour: blue\r\nContent-Length: 100\r\n\r\nhalf")
			conn.Close()
		}, "cut: after 4 bytes"},
		"timeout":        {NoKeepAlive, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "deadline exceeded"},
		"half a line":    {NoKeepAlive, shop(`{"service":`), "cut: the answer"},
		"stream not end": {Stream, shop("blue 1\nblue 2\n"), "cut: the stream stopped after 14 bytes"},
		"upload lost":    {Upload, shop(`{"bytes":6000}`), "cut: the shop received 6000 bytes of 60000"},
		"upload garbled": {KeepAlivePost, shop(`{"bytes"`), "cut: the answer"},
	} {
		t.Run(name, func(t *testing.T) {
			request := newTestUser(t, test.kind, serve(t, test.handler)).send(t.Context(), "/")
			if !request.Failed() || !strings.Contains(request.Err, test.want) {
				t.Errorf("recorded %q, want %q", request.Err, test.want)
			}
			record := newRecord([]Request{request}, 1)
			if record.Lost() != 1 || record.Lost(test.kind) != 1 || len(record.Failures) != 1 {
				t.Errorf("not counted:\n%s", record)
			}
		})
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
		user := newTestUser(t, kind, closesIdle(t))
		requests := []Request{user.send(t.Context(), "/"), user.send(t.Context(), "/")}
		if got := newRecord(requests, 1).Counts[kind]; got != want {
			t.Errorf("%s: %+v, want %+v: %+v", kind, got, want, requests)
		}
	}
}
