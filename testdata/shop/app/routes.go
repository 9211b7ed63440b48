package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"
)

// shop answers requests. Every answer names the colour and the version that gave it, in its headers, so that a
// client can tell from any request what it was served by.
type shop struct {
	config
	started time.Time
	homes   atomic.Int64
	broken  atomic.Bool // by a tester: /health is 503 until that is undone
}

func newShop(cfg config, started time.Time) http.Handler {
	s := &shop{config: cfg, started: started}
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", s.home)
	mux.HandleFunc("/health", s.health)
	mux.HandleFunc("/testability/healthy/{healthy}", s.setHealthy)
	mux.HandleFunc("/slow", s.slow)
	mux.HandleFunc("/stream", s.stream)
	mux.HandleFunc("/bytes", s.bytes)
	mux.HandleFunc("/echo", s.echo)
	mux.HandleFunc("POST /upload", s.upload)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Colour", s.colour)
		w.Header().Set("X-Version", s.version)
		time.Sleep(s.faults.slow)
		mux.ServeHTTP(w, r)
	})
}

func (s *shop) home(w http.ResponseWriter, _ *http.Request) {
	if n := s.homes.Add(1); s.errors > 0 && n%int64(s.errors) == 0 {
		http.Error(w, "a bug of this release", http.StatusInternalServerError)
		return
	}
	writeLine(w, struct {
		Service string `json:"service"`
		Colour  string `json:"colour"`
		Version string `json:"version"`
		ID      string `json:"id"`
	}{s.service, s.colour, s.version, s.id})
}

func (s *shop) health(w http.ResponseWriter, r *http.Request) {
	if s.hang {
		<-r.Context().Done()
		return
	}
	healthy, why := s.faults.health(time.Since(s.started))
	if s.broken.Load() {
		healthy, why = false, "a tester made it unhealthy"
	}
	if !healthy {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	if s.tell {
		why += "\n" + everything()
	}
	fmt.Fprintln(w, why)
}

// setHealthy is a tester's switch: /testability/healthy/false makes /health answer 503, and /testability/healthy/true ends
// that. A restart ends it too.
func (s *shop) setHealthy(w http.ResponseWriter, r *http.Request) {
	healthy, err := strconv.ParseBool(r.PathValue("healthy"))
	if err != nil {
		http.Error(w, "write /testability/healthy/true or /testability/healthy/false", http.StatusBadRequest)
		return
	}
	s.broken.Store(!healthy)
	writeLine(w, map[string]any{"service": s.service, "colour": s.colour, "healthy": healthy})
}

// slow is the request that is in flight when the switch comes: /slow?for=5s answers after 5 s.
func (s *shop) slow(w http.ResponseWriter, r *http.Request) {
	wait, ok := duration(w, r, "for", time.Second)
	if !ok {
		return
	}
	time.Sleep(wait)
	writeLine(w, map[string]any{"colour": s.colour, "slept": wait.String()})
}

// stream sends a line at a time: /stream?for=10s&every=1s. With for=0 it continues until the client leaves. A stream
// that ended as it should ends with the line "end"; one that was cut does not.
func (s *shop) stream(w http.ResponseWriter, r *http.Request) {
	length, ok1 := duration(w, r, "for", 2*time.Second)
	every, ok2 := duration(w, r, "every", 100*time.Millisecond)
	if !ok1 || !ok2 {
		return
	}
	// nginx would otherwise keep the lines until its buffer is full.
	w.Header().Set("X-Accel-Buffering", "no")
	flusher := http.NewResponseController(w)
	for began, line := time.Now(), 1; length == 0 || time.Since(began) < length; line++ {
		fmt.Fprintln(w, s.colour, line)
		if flusher.Flush() != nil || r.Context().Err() != nil {
			return
		}
		time.Sleep(max(every, time.Millisecond))
	}
	fmt.Fprintln(w, "end")
}

// bytes is a download: /bytes?n=1000 answers with so many.
func (s *shop) bytes(w http.ResponseWriter, r *http.Request) {
	n, err := strconv.ParseInt(r.URL.Query().Get("n"), 10, 64)
	if err != nil || n < 0 {
		http.Error(w, "write /bytes?n=1000", http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Length", strconv.FormatInt(n, 10))
	_, _ = io.CopyN(w, pattern{}, n)
}

// pattern is an endless text.
type pattern struct{}

func (pattern) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

// echo upgrades the connection, as a websocket does, and sends back what comes until the client has ended its part. Then it
// says goodbye: the client must still hear that.
func (s *shop) echo(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Upgrade") == "" {
		http.Error(w, "ask for an upgrade", http.StatusUpgradeRequired)
		return
	}
	conn, rest, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer conn.Close()
	fmt.Fprintf(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: %s\r\nX-Colour: %s\r\n\r\n", r.Header.Get("Upgrade"), s.colour)
	if _, err := io.Copy(conn, rest); err == nil {
		fmt.Fprintf(conn, "goodbye from %s", s.colour)
	}
}

// upload reads the whole body and says how much came, so that the client can tell a body that was cut.
func (s *shop) upload(w http.ResponseWriter, r *http.Request) {
	size, err := io.Copy(io.Discard, r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	writeLine(w, map[string]any{"colour": s.colour, "bytes": size})
}

// duration reads a query parameter, and answers the request itself when it makes no sense.
func duration(w http.ResponseWriter, r *http.Request, name string, unset time.Duration) (d time.Duration, ok bool) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return unset, true
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		http.Error(w, fmt.Sprintf("%s=%q: want a duration such as 1.5s", name, text), http.StatusBadRequest)
		return 0, false
	}
	return d, true
}

func writeLine(w http.ResponseWriter, answer any) {
	w.Header().Set("Content-Type", "application/json")
	// The client that cannot be written to has left; nobody else would read the error.
	_ = json.NewEncoder(w).Encode(answer)
}
