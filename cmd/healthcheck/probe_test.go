package main

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func serve(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL + "/health"
}

func answer(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

func TestVerdict(t *testing.T) {
	for _, test := range []struct {
		status int
		flags  []string
		want   int
	}{
		{200, nil, exitHealthy},
		{204, nil, exitHealthy},
		{302, nil, exitUnhealthy},
		{503, nil, exitUnhealthy},
		{204, []string{"--status", "200"}, exitUnhealthy},
		{302, []string{"--status", "200-399"}, exitHealthy},
		{204, []string{"--status=200,204"}, exitHealthy},
	} {
		url := serve(t, answer(test.status, ""))
		before, after := append(test.flags, url), append([]string{url}, test.flags...)
		for _, args := range [][]string{before, after} {
			if code, output := exec(t, args...); code != test.want {
				t.Errorf("status %d, run(%q) = %d, want %d: %s", test.status, args, code, test.want, output)
			}
		}
	}
}

func TestOneLineThatSaysWhatCame(t *testing.T) {
	for name, test := range map[string]struct {
		status int
		body   string
		want   string
	}{
		"healthy": {200, "ok\n", "200 OK in "},
		"reason":  {503, "database: connection refused\n", "503 Service Unavailable, wanted 200-299: database: connection refused"},
		"no body": {500, "", "500 Internal Server Error, wanted 200-299"},
		"escapes": {500, "\x1b[2Jgone\r\n::set-output\u202e", ": .[2Jgone  ::set-output."},
	} {
		t.Run(name, func(t *testing.T) {
			url := serve(t, answer(test.status, test.body))
			_, output := exec(t, url)
			if !strings.HasPrefix(output, "GET "+url+": ") || !strings.Contains(output, test.want) || strings.Count(output, "\n") != 1 {
				t.Errorf("got %q, want one line with %q", output, test.want)
			}
		})
	}
}

func TestLongBodyIsCut(t *testing.T) {
	url := serve(t, answer(500, strings.Repeat("x", 10<<20)))
	if _, output := exec(t, url); strings.Count(output, "x") != shownBody {
		t.Errorf("%d bytes of the body were printed, want %d", strings.Count(output, "x"), shownBody)
	}
}

func TestConnectionRefused(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := fmt.Sprintf("http://user:secret@%s/health", listener.Addr())
	listener.Close()

	code, output := exec(t, url)
	if code != exitUnhealthy || !strings.HasSuffix(output, "/health: connection refused\n") {
		t.Errorf("run = %d, %q; want %d and the cause", code, output, exitUnhealthy)
	}
	if strings.Contains(output, "secret") {
		t.Errorf("the password was printed: %q", output)
	}
}

func TestTimeout(t *testing.T) {
	done := make(chan struct{})
	url := serve(t, func(http.ResponseWriter, *http.Request) { <-done })
	t.Cleanup(func() { close(done) }) // runs before the server's own clean-up, which waits for the handler

	began := time.Now()
	code, output := exec(t, "--timeout", "50ms", url)
	if code != exitUnhealthy || !strings.HasSuffix(output, ": no answer within 50ms\n") {
		t.Errorf("run = %d, %q; want %d and the limit", code, output, exitUnhealthy)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("took %s for a limit of 50ms", took)
	}
}

func TestAskedOnceAndDirectly(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	t.Setenv("http_proxy", "http://127.0.0.1:1")
	asked := 0
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked++
		if !r.Close {
			t.Error("the connection was to be kept alive")
		}
		http.Redirect(w, r, "/elsewhere", http.StatusFound)
	})
	// A name, because Go never uses a proxy for 127.0.0.1.
	if _, output := exec(t, strings.Replace(url, "127.0.0.1", "localhost", 1)); !strings.Contains(output, "302 Found") {
		t.Errorf("got %q, want the redirect itself", output)
	}
	if asked != 1 {
		t.Errorf("asked %d times, want once", asked)
	}
}
