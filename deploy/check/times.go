package check

import (
	"slices"
	"time"
)

// Times are how long the answers took.
type Times struct {
	all         []time.Duration
	least, most time.Duration
}

// timesKept bounds the memory of a bake that lasts for hours: beyond it every other time is let go.
const timesKept = 4096

// Add takes one.
func (t *Times) Add(took time.Duration) {
	if len(t.all) == 0 {
		t.least = took
	}
	t.least, t.most = min(t.least, took), max(t.most, took)
	if len(t.all) == timesKept {
		for i := range timesKept / 2 {
			t.all[i] = t.all[2*i]
		}
		t.all = t.all[:timesKept/2]
	}
	t.all = append(t.all, took)
}

// Summary is what a report shows of times, in milliseconds.
type Summary struct {
	Min    float64 `json:"min"`
	Median float64 `json:"median"`
	P95    float64 `json:"p95"`
	Max    float64 `json:"max"`
}

// Summary is nil without any time.
func (t *Times) Summary() *Summary {
	if len(t.all) == 0 {
		return nil
	}
	sorted := slices.Sorted(slices.Values(t.all))
	return &Summary{
		Min: millis(t.least), Median: millis(rank(sorted, 50)), P95: millis(rank(sorted, 95)), Max: millis(t.most),
	}
}

// rank is the nearest-rank percentile: a time that really was measured.
func rank(sorted []time.Duration, percent int) time.Duration {
	return sorted[max((len(sorted)*percent+99)/100, 1)-1]
}

// millis has a tenth of a millisecond: on one machine most answers take less than one.
func millis(d time.Duration) float64 {
	return float64(d.Round(100*time.Microsecond).Microseconds()) / 1000
}
