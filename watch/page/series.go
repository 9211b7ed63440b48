package page

import (
	"context"
	"sync"
	"time"

	"bluegate/watch"
)

// span is a time that a chart shows, in cells.
type span struct {
	Title string
	Cell  time.Duration
	Cells int
	// Ask is the resolution that is asked for. A history may answer with something coarser, which must fit into a cell.
	Ask time.Duration
}

const day = 24 * time.Hour

// spans are those of a check's own page. The first is on the main page.
var spans = []span{
	{"24 hours", 30 * time.Minute, 48, 5 * time.Minute}, {"7 days", 4 * time.Hour, 42, time.Hour}, {"30 days", day, 30, day}, {"12 months", 7 * day, 52, day},
}

// cell is what is known of one cell of a chart.
type cell struct {
	from                          time.Time
	good, bad, unmeasured, paused int
	median, p95, max              time.Duration
	said                          string
}

// series reads the samples of checks. What lies in cells that are over is read once: one reading of a page asks only for
// the last cells.
type series struct {
	reader watch.Reader
	mu     sync.Mutex
	all    map[seriesKey]*line
}

type seriesKey struct {
	check string
	span  int
}

type line struct {
	mu    sync.Mutex
	cells map[int64]cell // by the time of its beginning
	read  time.Time      // up to when everything is in cells for good
}

func newSeries(reader watch.Reader) *series {
	return &series{reader: reader, all: map[seriesKey]*line{}}
}

// cells are those of a span that ends now. One without samples is empty.
func (s *series) cells(ctx context.Context, check string, span int, now time.Time) ([]cell, error) {
	s.mu.Lock()
	l, known := s.all[seriesKey{check, span}]
	if !known {
		l = &line{cells: map[int64]cell{}}
		s.all[seriesKey{check, span}] = l
	}
	s.mu.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	step := spans[span].Cell
	last := now.Truncate(step)
	first := last.Add(-time.Duration(spans[span].Cells-1) * step)
	from := first
	if l.read.After(from) {
		from = l.read
	}
	buckets, err := s.reader.Samples(ctx, check, from, now.Add(time.Second), spans[span].Ask)
	if err != nil {
		return nil, err
	}
	l.replace(from, first, step, buckets)
	// Samples are written with a delay: the last two cells may still change.
	if until := last.Add(-step); until.After(l.read) {
		l.read = until
	}
	out := make([]cell, spans[span].Cells)
	for i := range out {
		at := first.Add(time.Duration(i) * step)
		out[i] = l.cells[at.Unix()]
		out[i].from = at
	}
	return out, nil
}

// replace forgets the cells before first and those from from on, and fills the latter.
func (l *line) replace(from, first time.Time, step time.Duration, buckets []watch.Bucket) {
	for at := range l.cells {
		if at < first.Unix() || at >= from.Unix() {
			delete(l.cells, at)
		}
	}
	for _, b := range buckets {
		at := b.From.Truncate(step)
		if at.Before(from) {
			at = from
		}
		l.cells[at.Unix()] = l.cells[at.Unix()].add(b)
	}
}

// add puts a bucket into a cell. The median of several buckets is weighted by their answers.
func (c cell) add(b watch.Bucket) cell {
	had, adds := c.good+c.bad, b.Good+b.Bad
	if b.Median > 0 && adds > 0 {
		if c.median == 0 {
			had = 0
		}
		c.median = (c.median*time.Duration(had) + b.Median*time.Duration(adds)) / time.Duration(had+adds)
	}
	c.p95, c.max = max(c.p95, b.P95), max(c.max, b.Max)
	c.good, c.bad, c.unmeasured, c.paused = c.good+b.Good, c.bad+b.Bad, c.unmeasured+b.Unmeasured, c.paused+b.Paused
	if b.Said != "" {
		c.said = b.Said
	}
	return c
}
