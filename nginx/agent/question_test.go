package agent

import (
	"bytes"
	"context"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"bluegate/deploy/check"
)

// app answers as a test's path says.
func app(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/health":
		_, _ = io.WriteString(w, "all ok")
	case "/bad":
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = io.WriteString(w, "cannot reach the database")
	case "/login":
		http.Redirect(w, r, "/health", http.StatusFound)
	case "/echo":
		_, _ = io.WriteString(w, r.Method+" "+r.Host+" "+r.Header.Get("X-Token")+" ")
		_, _ = io.Copy(w, r.Body)
	case "/long":
		_, _ = w.Write(bytes.Repeat([]byte("x"), check.BodyLimit+10))
	case "/breaks":
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, "half")
	case "/hangs":
		<-r.Context().Done()
	}
}

func TestAnswerHTTP(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(app))
	defer server.Close()
	t.Setenv("http_proxy", "http://127.0.0.1:1") // nobody asks a proxy about the application
	for _, test := range []struct {
		question check.Request
		status   int
		body     string
		err      string
	}{
		{check.Request{Target: "/health"}, 200, "all ok", ""},
		{check.Request{Target: "/bad"}, 500, "cannot reach the database", ""},
		{check.Request{Target: "/login"}, 302, "Found", ""},
		{check.Request{Target: "/login", Follow: true}, 200, "all ok", ""},
		{check.Request{Target: "/echo", Method: "POST", Headers: map[string]string{"x-token": "t", "host": "shop.test"}, Body: "hello"}, 200, "POST shop.test t hello", ""},
		{check.Request{Target: "/breaks"}, 200, "half", "its body did not come"},
		{check.Request{Target: "/hangs", Timeout: 50 * time.Millisecond}, 0, "", "no answer within 50ms"},
	} {
		q := test.question
		q.Kind, q.Target = check.HTTP, server.URL+q.Target
		if q.Timeout == 0 {
			q.Timeout = time.Minute
		}
		a := Answer(t.Context(), q)
		if a.Status != test.status || !strings.Contains(string(a.Body), test.body) || !strings.Contains(a.Error, test.err) || (a.Error == "") != (test.err == "") {
			t.Errorf("%s: %+v (%s)", q.Target, a, a.Body)
		}
	}
	if a := Answer(t.Context(), check.Request{Kind: check.HTTP, Target: server.URL + "/long", Timeout: time.Minute}); len(a.Body) != check.BodyLimit || !a.Cut {
		t.Errorf("a long body: %d bytes, cut %v", len(a.Body), a.Cut)
	}
}

func TestAnswerTLS(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(app))
	defer server.Close()
	server.Config.ErrorLog = nil
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	address := server.Listener.Addr().String()
	for _, test := range []struct {
		name     string
		question check.Request
		err      string
	}{
		{"https, trusted", check.Request{Kind: check.HTTP, Target: server.URL + "/health", CA: ca}, ""},
		{"https, insecure", check.Request{Kind: check.HTTP, Target: server.URL + "/health", Insecure: true}, ""},
		{"https, unknown authority", check.Request{Kind: check.HTTP, Target: server.URL + "/health"}, "certificate"},
		{"certificate, trusted", check.Request{Kind: check.TLS, Target: address, CA: ca}, ""},
		{"certificate, unknown authority", check.Request{Kind: check.TLS, Target: address}, "certificate"},
		{"a CA file without certificate", check.Request{Kind: check.TLS, Target: address, CA: []byte("x")}, "no certificate"},
	} {
		test.question.Timeout = time.Minute
		a := Answer(t.Context(), test.question)
		if !strings.Contains(a.Error, test.err) || (a.Error == "") != (test.err == "") {
			t.Errorf("%s: %q, want %q", test.name, a.Error, test.err)
		}
		if test.question.Kind == check.TLS && test.err == "" && !a.NotAfter.Equal(server.Certificate().NotAfter) {
			t.Errorf("%s: it ends at %s, want %s", test.name, a.NotAfter, server.Certificate().NotAfter)
		}
	}
}

func TestAnswerOfConnectionsAndNames(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	open := l.Addr().String()
	ask := func(kind check.Kind, target string) check.Result {
		return Answer(t.Context(), check.Request{Kind: kind, Target: target, Timeout: time.Minute})
	}
	if a := ask(check.TCP, open); a.Error != "" || a.Took <= 0 {
		t.Errorf("an open port: %+v", a)
	}
	_ = l.Close()
	if a := ask(check.TCP, open); a.Error != "connection refused" {
		t.Errorf("a closed port: %+v", a)
	}
	if a := ask(check.DNS, "localhost"); a.Error != "" || len(a.Addresses) == 0 {
		t.Errorf("localhost: %+v", a)
	}
	if a := ask(check.DNS, "nobody.invalid"); a.Error == "" {
		t.Errorf("nobody.invalid: %+v", a)
	}
	if a := ask(check.Exec, ""); !strings.Contains(a.Error, "cannot be asked from here") {
		t.Errorf("exec: %+v", a)
	}
}

// TestQuestionTravels: what is asked through a helper is asked whole, and so is what comes back.
func TestQuestionTravels(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(app))
	defer server.Close()
	inR, inW := io.Pipe()
	outR, outW := io.Pipe()
	go func() { _ = outW.CloseWithError(Serve(inR, outW)) }()
	defer inW.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	resp, err := NewClient(inW, outR).Ask(ctx, Request{Question: &check.Request{
		Kind: check.HTTP, Target: server.URL + "/echo", Method: "PUT", Headers: map[string]string{"X-Token": "t"}, Body: "\x00\xff", Timeout: time.Minute,
	}})
	if err != nil || resp.Answer == nil || resp.Answer.Status != 200 || !strings.HasPrefix(string(resp.Answer.Body), "PUT 127.0.0.1") {
		t.Errorf("%+v, %v", resp.Answer, err)
	}
}
