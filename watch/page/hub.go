package page

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// calm is the shortest time between two versions: many changes at once are one.
	calm = time.Second
	// heartbeat keeps a connection open through proxies, and shows that it still is.
	heartbeat = 15 * time.Second
	// mostStreams are the readers of the event stream at once.
	mostStreams = 1000
	// streamLimit ends a stream whose reader does not take an event.
	streamLimit = 10 * time.Second
)

// hub counts the versions of what is shown, and tells the readers of each new one.
type hub struct {
	version atomic.Int64
	boot    int64 // tells a restarted server from this one

	mu      sync.Mutex
	readers map[chan struct{}]bool
}

func newHub() *hub { return &hub{boot: time.Now().UnixNano(), readers: map[chan struct{}]bool{}} }

// follow makes a new version after signals, at most one in each second, until the signals end. before is called with the
// number of a version before its readers are told.
func (h *hub) follow(ctx context.Context, signals <-chan struct{}, before func(version int64)) {
	var last time.Time
	for range signals {
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Until(last.Add(calm))):
		}
		last = time.Now()
		before(h.version.Load() + 1)
		h.version.Add(1)
		h.tell()
	}
}

func (h *hub) tell() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range h.readers {
		select {
		case c <- struct{}{}:
		default: // it has a signal that it has not taken: it will read the newest version
		}
	}
}

// join adds a reader, unless there are too many.
func (h *hub) join() (c chan struct{}, leave func(), ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.readers) >= mostStreams {
		return nil, nil, false
	}
	c = make(chan struct{}, 1)
	h.readers[c] = true
	return c, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.readers, c)
	}, true
}

// events streams the versions. A reader that reads slowly misses versions; one that does not read is disconnected.
func (p *Page) events(w http.ResponseWriter, r *http.Request) {
	changed, leave, ok := p.hub.join()
	if !ok {
		w.Header().Set("Retry-After", "30")
		http.Error(w, "too many readers of the event stream", http.StatusServiceUnavailable)
		return
	}
	defer leave()
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no") // for nginx
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Time{}) // a stream outlives the limit of a request
	send := func(text string) error {
		if err := control.SetWriteDeadline(time.Now().Add(streamLimit)); err != nil {
			return err
		}
		if _, err := w.Write([]byte(text)); err != nil {
			return err
		}
		return control.Flush()
	}
	event := func() string { return fmt.Sprintf("event: version\ndata: %d.%d\n\n", p.hub.boot, p.hub.version.Load()) }
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for err := send("retry: 2000\n" + event()); err == nil; {
		select {
		case <-r.Context().Done():
			return
		case <-changed:
			err = send(event())
		case <-beat.C:
			err = send(": still here\n\n")
		}
	}
}
