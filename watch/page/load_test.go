package page

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bluegate/watch"
)

// 200 readers of the event stream and of the page at once: each one that reads sees the last change, those that do not
// read are disconnected or wait alone, and who changes something is never delayed.
func TestManyReaders(t *testing.T) {
	f := shop()
	ctx, stop := context.WithCancel(t.Context())
	p := New(ctx, f, Options{})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() { _ = p.Serve(ctx, l); close(served) }()
	before := runtime.NumGoroutine()
	var all sync.WaitGroup
	var told atomic.Int64
	client := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 0}}
	reading, endReading := context.WithCancel(ctx)
	for range 200 {
		all.Go(func() {
			r, _ := http.NewRequestWithContext(reading, http.MethodGet, "http://"+l.Addr().String()+"/events", nil)
			answer, err := client.Do(r)
			if err != nil {
				return
			}
			defer answer.Body.Close()
			for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
				if strings.HasPrefix(lines.Text(), "data: ") {
					told.Add(1)
				}
			}
		})
		all.Go(func() { // one that asks for the page again and again, and never reads an answer
			c, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				return
			}
			defer c.Close()
			_, _ = c.Write([]byte(strings.Repeat("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", 20)))
			<-reading.Done()
		})
	}
	waitUntil(t, func() bool { return told.Load() >= 200 })
	var longest time.Duration
	for range 30 {
		began := time.Now()
		f.set(func(f *fixture) { f.state.At = time.Now() })
		p.reader.State()
		longest = max(longest, time.Since(began))
		time.Sleep(20 * time.Millisecond)
	}
	// As short as it is without readers: the watch does nothing for a reader but to fill a channel of its own.
	if longest > time.Second {
		t.Errorf("a change took %s", longest)
	}
	t.Logf("a change took at most %s", longest)
	f.fail("user-service", "503")
	at := told.Load()
	waitUntil(t, func() bool { return told.Load() >= at+200 })
	_, body := get(t, "http://"+l.Addr().String()+"/")
	if !strings.Contains(body, "Outage") {
		t.Error("the page does not show the last change")
	}
	endReading()
	all.Wait()
	stop()
	<-served
	waitUntil(t, func() bool { client.CloseIdleConnections(); return runtime.NumGoroutine() <= before+5 })
}

func waitUntil(t *testing.T, is func() bool) {
	t.Helper()
	for range 600 {
		if is() {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("it did not become true within 30s")
}

// Many readers of one version cost one reading of the history.
func TestOneReadingForAll(t *testing.T) {
	f := &counting{fixture: shop()}
	_, server := serving(t, f, Options{})
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() { get(t, server.URL+"/") })
	}
	all.Wait()
	if n := f.readings.Load(); n != int64(len(f.State().Checks)) {
		t.Errorf("%d readings of samples for %d checks", n, len(f.State().Checks))
	}
}

type counting struct {
	*fixture
	readings atomic.Int64
}

func (c *counting) Samples(ctx context.Context, check string, from, to time.Time, resolution time.Duration) ([]watch.Bucket, error) {
	c.readings.Add(1)
	time.Sleep(time.Millisecond)
	return c.fixture.Samples(ctx, check, from, to, resolution)
}

func TestTooManyStreams(t *testing.T) {
	h := newHub()
	for range mostStreams {
		if _, _, ok := h.join(); !ok {
			t.Fatal("a reader was refused too early")
		}
	}
	if _, _, ok := h.join(); ok {
		t.Error("there is no limit")
	}
}
