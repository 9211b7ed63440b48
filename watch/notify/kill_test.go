package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bluegate/watch"
	"bluegate/watch/history"
)

// TestSender is the process that TestKilled kills: it records events and sends them until it is killed. It does nothing
// in an ordinary run of the tests.
func TestSender(t *testing.T) {
	path, url := os.Getenv("BLUEGATE_TEST_HISTORY"), os.Getenv("BLUEGATE_TEST_URL")
	if path == "" {
		return
	}
	h, err := history.Open(t.Context(), path, history.Options{})
	if err != nil {
		t.Fatal(err)
	}
	hook, err := NewTarget(url, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	q := NewQueue([]Target{hook}, h)
	go q.Run(context.Background())
	for n := 0; ; n++ {
		if os.Getenv("BLUEGATE_TEST_QUIET") == "" && n < 15 {
			now := time.Now()
			c := watch.Change{ID: watch.NewID(now), Subject: fmt.Sprintf("check %d %d", os.Getpid(), n), From: watch.Healthy, To: watch.Down, At: now, Since: now}
			e := watch.Event{ID: c.ID, Kind: watch.EventDown, Subject: c.Subject, At: now, Since: now}
			if err := h.Record(t.Context(), c, &e, q.Targets(e)); err != nil {
				t.Fatal(err)
			}
			q.Wake()
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// TestKilled kills a process that sends, at 100 random moments. No event that was recorded is lost, the history is whole,
// and an event arrives twice only if the process was killed between the answer and the record: at most one for each kill,
// with the same id.
func TestKilled(t *testing.T) {
	var mu sync.Mutex
	round := 0
	arrived := map[string][]int{} // by id, in which rounds
	var open atomic.Int64         // connections
	hook := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var e watch.Event
		body, err := io.ReadAll(r.Body)
		if err != nil || json.Unmarshal(body, &e) != nil || e.ID != r.Header.Get("Idempotency-Key") {
			return // the process was killed in the middle of the request
		}
		mu.Lock()
		defer mu.Unlock()
		arrived[e.ID] = append(arrived[e.ID], round)
	}))
	hook.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			open.Add(1)
		case http.StateClosed:
			open.Add(-1)
		}
	}
	hook.Start()
	defer hook.Close()
	// received waits until everything that a killed process sent has arrived: connections are accepted in their order, so
	// after one of the test's own all of them are known, and they end when they were read.
	received := func() {
		conn, err := net.Dial("tcp", hook.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(conn, "GET / HTTP/1.0\r\n\r\n")
		_, _ = io.ReadAll(conn)
		_ = conn.Close()
		for open.Load() > 0 {
			time.Sleep(time.Millisecond)
		}
	}
	path := filepath.Join(t.TempDir(), "shop.db")
	start := func(more ...string) *exec.Cmd {
		cmd := exec.Command(os.Args[0], "-test.run=^TestSender$")
		cmd.Env = append(append(os.Environ(), "BLUEGATE_TEST_HISTORY="+path, "BLUEGATE_TEST_URL="+hook.URL), more...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		return cmd
	}
	next := func() {
		received()
		mu.Lock()
		defer mu.Unlock()
		round++
	}
	const kills = 100
	for range kills {
		cmd := start()
		time.Sleep(20*time.Millisecond + rand.N(200*time.Millisecond))
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		next()
	}
	h, err := history.Open(t.Context(), path, history.Options{Brief: true})
	if err != nil {
		t.Fatalf("after %d kills: %v", kills, err)
	}
	defer h.Close()
	left := func() int {
		due, err := h.Due(t.Context(), endOfTime)
		if err != nil {
			t.Fatal(err)
		}
		return len(due)
	}
	for left() > 0 { // each process sends a burst of what is left
		cmd := start("BLUEGATE_TEST_QUIET=1")
		for before := left() + 1; before > 0 && left() < before; time.Sleep(500 * time.Millisecond) {
			before = left()
		}
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		next()
	}
	whole, err := history.Open(t.Context(), path, history.Options{})
	if err != nil {
		t.Fatalf("the history is not whole: %v", err)
	}
	defer whole.Close()
	changes, err := h.Changes(t.Context(), time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	again := map[int]int{} // by round, the events of that round that arrived once more
	for _, c := range changes {
		rounds := arrived[c.ID]
		if len(rounds) == 0 {
			t.Errorf("event %s is lost", c.ID)
		}
		for i := 1; i < len(rounds); i++ {
			if rounds[i] == rounds[i-1] {
				t.Errorf("event %s arrived twice although nothing was killed between: rounds %v", c.ID, rounds)
			}
			again[rounds[i-1]]++
		}
		delete(arrived, c.ID)
	}
	for killed, n := range again {
		if n > 1 {
			t.Errorf("after kill %d, %d events arrived once more", killed, n)
		}
	}
	if len(arrived) > 0 {
		t.Errorf("%d events arrived that were never recorded", len(arrived))
	}
	if len(changes) < kills {
		t.Errorf("only %d events: nothing was tested", len(changes))
	}
	t.Logf("%d events, %d kills, %d arrived twice", len(changes), kills, len(again))
}
