package main

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// patient is an application and the webhook of those who look after it. One answer of it is bad, and later it is bad until
// the webhook was told so.
type patient struct {
	mu      sync.Mutex
	asked   int
	well    int // answers after the recovery was told
	told    []told
	done    chan struct{}
	reached int // how often it was asked when the first message came
}

type told struct {
	ID, Kind, Subject, Why string
	Lasted                 time.Duration
	key                    string
}

func (p *patient) answers(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked++
	switch {
	case p.asked == 3, p.asked >= 8 && len(p.told) == 0:
		http.Error(w, "the database is gone", http.StatusServiceUnavailable)
	case len(p.told) >= 2:
		if p.well++; p.well == 4 {
			close(p.done)
		}
	}
}

func (p *patient) hears(_ http.ResponseWriter, r *http.Request) {
	var t told
	_ = json.NewDecoder(r.Body).Decode(&t)
	t.key = r.Header.Get("Idempotency-Key")
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.told = append(p.told, t); len(p.told) == 1 {
		p.reached = p.asked
	}
}

// One bad sample tells nobody. One that stays is told once, and its recovery once: a watch with a real webhook.
func TestOneBadSampleTellsNobody(t *testing.T) {
	p := &patient{done: make(chan struct{})}
	app, hook := httptest.NewServer(http.HandlerFunc(p.answers)), httptest.NewServer(http.HandlerFunc(p.hears))
	defer app.Close()
	defer hook.Close()
	dir := t.TempDir()
	text := strings.NewReplacer("APP", app.URL, "HOOK", hook.URL).Replace("watch: {every: 1s, checks: [{name: shop, http: APP}]}\nnotify: [{url: \"HOOK/x\"}]\n")
	if err := os.WriteFile(filepath.Join(dir, "bluegate.yml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"XDG_STATE_HOME": t.TempDir()}
	ctx, cancel := context.WithCancel(t.Context())
	var said heard
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"watch", "--project-directory", dir, "--listen", "127.0.0.1:0"}, process{Stdout: &said, Stderr: &said, Getenv: func(name string) string { return env[name] }})
	}()
	select {
	case <-p.done:
	case code := <-ended:
		t.Fatalf("it ended with %d:\n%s", code, said.String())
	}
	cancel()
	if code := <-ended; code != 0 {
		t.Errorf("it ended with %d:\n%s", code, said.String())
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.told) != 2 || p.told[0].Kind != "down" || p.told[1].Kind != "up" || p.told[0].Subject != "shop" || p.told[1].Lasted <= 0 || !strings.Contains(p.told[0].Why, "503") {
		t.Errorf("told: %+v\n%s", p.told, said.String())
	}
	for _, m := range p.told {
		if m.ID == "" || m.key != m.ID {
			t.Errorf("its id is %q, its key %q", m.ID, m.key)
		}
	}
	if p.reached < 10 { // three in a row, of which the eighth answer is the first
		t.Errorf("told after %d answers", p.reached)
	}
}
