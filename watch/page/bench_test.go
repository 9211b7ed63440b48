package page

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bluegate/watch"
	"bluegate/watch/history"
	"bluegate/watch/verdict"
)

// past is a Reader of a state and a real history.
type past struct {
	*fixture
	*history.History
}

func (p past) Subscribe(ctx context.Context) <-chan struct{} { return p.fixture.Subscribe(ctx) }
func (p past) State() watch.State                            { return p.fixture.State() }
func (p past) Samples(ctx context.Context, check string, from, to time.Time, resolution time.Duration) ([]watch.Bucket, error) {
	return p.History.Samples(ctx, check, from, to, resolution)
}
func (p past) Changes(ctx context.Context, from, to time.Time) ([]watch.Change, error) {
	return p.fixture.Changes(ctx, from, to)
}
func (p past) Deployments(ctx context.Context, from, to time.Time) ([]watch.Deployment, error) {
	return p.fixture.Deployments(ctx, from, to)
}
func (p past) Notes(ctx context.Context, from, to time.Time) ([]watch.Note, error) {
	return p.fixture.Notes(ctx, from, to)
}

// BenchmarkPage measures the page of 50 checks with two days of single samples every 10 s, which is all that the first
// page reads: the first time after a start, and after a change. With BLUEGATE_TEST_MONTH, it measures with the file that
// TestAMonth of package history has written there, of thirty days.
func BenchmarkPage(b *testing.B) {
	path, month := filepath.Join(b.TempDir(), "shop.db"), os.Getenv("BLUEGATE_TEST_MONTH")
	if month != "" {
		path = month
	}
	f := shop()
	f.state.Checks = nil
	now := time.Now()
	for c := range 50 {
		name := fmt.Sprint("check ", c)
		f.state.Checks = append(f.state.Checks, watch.CheckState{Check: watch.Check{Name: name, Kind: "http", Every: 10 * time.Second}, Verdict: watch.Healthy, Since: now.Add(-day)})
		if month != "" {
			continue
		}
		// A process that only writes summarizes nothing: these samples come late.
		h, err := history.Open(b.Context(), path, history.Options{Brief: true})
		if err != nil {
			b.Fatal(err)
		}
		for at := now.Add(-2 * day); at.Before(now); at = at.Add(10 * time.Second) {
			h.Add(watch.Sample{Check: name, At: at, Took: time.Duration(at.UnixNano()%200) * time.Millisecond, Result: verdict.Good})
		}
		if err := h.Close(); err != nil {
			b.Fatal(err)
		}
	}
	h, err := history.Open(b.Context(), path, history.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer h.Close()
	time.Sleep(5 * time.Second) // it is summarized
	reader := past{f, h}
	read := func(b *testing.B, url string) (first, whole time.Duration) {
		began := time.Now()
		answer, err := http.Get(url)
		if err != nil {
			b.Fatal(err)
		}
		defer answer.Body.Close()
		one := make([]byte, 1)
		_, _ = io.ReadFull(answer.Body, one)
		first = time.Since(began)
		body, _ := io.ReadAll(answer.Body)
		whole = time.Since(began)
		b.ReportMetric(float64(len(body)), "bytes")
		cell := "180 good"
		if month != "" { // with a failure here and there
			cell = " good"
		}
		if n := strings.Count(string(body), cell); n < 50*46 {
			b.Fatalf("only %d cells have their samples", n)
		}
		return first, whole
	}
	b.Run("after a start", func(b *testing.B) {
		for b.Loop() {
			_, server := serving(b, reader, Options{})
			first, whole := read(b, server.URL)
			b.ReportMetric(float64(first.Milliseconds()), "ms-first")
			b.ReportMetric(float64(whole.Milliseconds()), "ms-whole")
		}
	})
	b.Run("after a change", func(b *testing.B) {
		p, server := serving(b, reader, Options{})
		read(b, server.URL)
		for b.Loop() {
			version := p.hub.version.Load()
			f.set(func(*fixture) {})
			for p.hub.version.Load() == version {
				time.Sleep(10 * time.Millisecond)
			}
			first, whole := read(b, server.URL)
			b.ReportMetric(float64(first.Microseconds())/1000, "ms-first")
			b.ReportMetric(float64(whole.Microseconds())/1000, "ms-whole")
		}
	})
}
