package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// ask sends one request to a green shop with the faults given. Within a synctest bubble its delays cost no time.
func ask(t *testing.T, faults env, method, target, body string) *httptest.ResponseRecorder {
	t.Helper()
	if faults == nil {
		faults = env{}
	}
	faults["COLOUR"], faults["VERSION"], faults["SERVICE"] = "green", "v2", "signal"
	cfg, err := readConfig(faults.get)
	if err != nil {
		t.Fatal(err)
	}
	answer := httptest.NewRecorder()
	request := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	newShop(cfg, time.Now()).ServeHTTP(answer, request)
	if got := answer.Header().Get("X-Colour") + answer.Header().Get("X-Version"); got != "greenv2" {
		t.Errorf("%s %s: answered as %q", method, target, got)
	}
	return answer
}

func TestRoutes(t *testing.T) {
	for _, test := range []struct {
		method, target, body string
		status               int
		want                 string
	}{
		{"GET", "/", "", 200, `{"service":"signal","colour":"green","version":"v2","id":`},
		{"POST", "/", "x", 200, `{"service":"signal"`},
		{"GET", "/health", "", 200, "ok\n"},
		{"POST", "/upload", "12345", 200, `{"bytes":5,"colour":"green"}`},
		{"GET", "/upload", "", 405, ""},
		{"GET", "/elsewhere", "", 404, ""},
		{"GET", "/slow?for=x", "", 400, `for="x"`},
		{"GET", "/stream?every=-1s", "", 400, `every="-1s"`},
	} {
		answer := ask(t, nil, test.method, test.target, test.body)
		if answer.Code != test.status || !strings.HasPrefix(answer.Body.String(), test.want) {
			t.Errorf("%s %s = %d, %q; want %d, %q", test.method, test.target, answer.Code, answer.Body, test.status, test.want)
		}
	}
}

func TestDelays(t *testing.T) {
	for _, test := range []struct {
		target string
		faults env
		want   time.Duration
	}{
		{"/", nil, 0},
		{"/", env{"SLOW": "700ms"}, 700 * time.Millisecond},
		{"/slow", nil, time.Second},
		{"/slow?for=5s", env{"SLOW": "1s"}, 6 * time.Second},
		{"/stream?for=3s&every=1s", nil, 3 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			answer := ask(t, test.faults, "GET", test.target, "")
			if took := time.Since(began); took != test.want || answer.Code != http.StatusOK {
				t.Errorf("%s with %v: %d after %s, want 200 after %s", test.target, test.faults, answer.Code, took, test.want)
			}
		})
	}
}

func TestStreamSaysThatItEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got := ask(t, nil, "GET", "/stream?for=250ms&every=100ms", "").Body.String()
		if want := "green 1\ngreen 2\ngreen 3\nend\n"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func TestUnhealthyGivesAReason(t *testing.T) {
	answer := ask(t, env{"NEVER_HEALTHY": "1"}, "GET", "/health", "")
	if answer.Code != http.StatusServiceUnavailable || answer.Body.String() != "cannot reach the database\n" {
		t.Errorf("got %d, %q", answer.Code, answer.Body)
	}
}

func TestHangingHealthEndsWithItsClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg, err := readConfig(env{"HANG": "1"}.get)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		began := time.Now()
		newShop(cfg, began).ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, "GET", "/health", nil))
		if took := time.Since(began); took != time.Hour {
			t.Errorf("answered after %s", took)
		}
	})
}

// A tester turns the shop unhealthy, and healthy again.
func TestSwitchOfHealth(t *testing.T) {
	cfg, err := readConfig(env{"COLOUR": "green", "VERSION": "v2", "SERVICE": "was"}.get)
	if err != nil {
		t.Fatal(err)
	}
	shop := newShop(cfg, time.Now())
	for _, step := range []struct {
		path   string
		status int
		want   string
	}{
		{"/health", 200, "ok"}, {"/testability/healthy/false", 200, `"healthy":false`}, {"/health", 503, "a tester made it unhealthy"}, {"/", 200, ""},
		{"/testability/healthy/maybe", 400, ""}, {"/health", 503, ""}, {"/testability/healthy/true", 200, `"healthy":true`}, {"/health", 200, "ok"},
	} {
		answer := httptest.NewRecorder()
		shop.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, step.path, nil))
		if answer.Code != step.status || !strings.Contains(answer.Body.String(), step.want) {
			t.Errorf("%s: %d %s, want %d %s", step.path, answer.Code, answer.Body, step.status, step.want)
		}
	}
}
