package history

import (
	"context"
	"database/sql"
	"slices"
	"sync"
	"time"

	"bluegate/watch"
	"bluegate/watch/verdict"
)

// results are the numbers of results in the file.
var results = []verdict.Result{verdict.Good, verdict.Bad, verdict.Unmeasured, verdict.Paused}

// pendingLimit bounds the memory of samples that cannot be written.
const pendingLimit = 100_000

// pending are samples that are not written yet. It has a lock of its own, so that a measurement never waits for the disk.
type pending struct {
	mu  sync.Mutex
	all []watch.Sample
}

// put adds samples in front of or after the others. The oldest are dropped if there are too many.
func (p *pending) put(front, back []watch.Sample) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(front) > 0 {
		p.all = slices.Concat(front, p.all)
	}
	p.all = append(p.all, back...)
	p.all = p.all[max(0, len(p.all)-pendingLimit):]
}

func (p *pending) take() []watch.Sample {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := p.all
	p.all = nil
	return all
}

// Add takes samples. It returns at once; they are written within a second.
func (h *History) Add(samples ...watch.Sample) { h.waiting.put(nil, samples) }

// flush writes what is pending.
func (h *History) flush(ctx context.Context) error {
	h.mu.Lock()
	h.recover(ctx, time.Now())
	h.mu.Unlock()
	samples := h.waiting.take()
	if len(samples) == 0 {
		return nil
	}
	err := h.write(ctx, func(ctx context.Context, tx *sql.Tx) error { return h.insert(ctx, tx, samples) })
	if err != nil {
		h.waiting.put(samples, nil)
	}
	return err
}

// insert writes samples. Two samples of a check never have the same time: the later one is a millisecond after.
func (h *History) insert(ctx context.Context, tx *sql.Tx, samples []watch.Sample) error {
	stmt, err := tx.PrepareContext(ctx, "INSERT OR REPLACE INTO main.samples (c, at, took, result, said) VALUES (?, ?, ?, ?, ?)")
	if err != nil {
		return err
	}
	defer stmt.Close()
	for _, s := range samples {
		c, err := h.ids.check(ctx, tx, s.Check)
		if err != nil {
			return err
		}
		said, err := h.ids.word(ctx, tx, s.Said)
		if err != nil {
			return err
		}
		at := s.At.UnixMilli()
		if at == h.last[c] {
			at++
		}
		if _, err := stmt.ExecContext(ctx, c, at, s.Took.Microseconds(), slices.Index(results, s.Result), said); err != nil {
			return err
		}
		h.last[c] = at
	}
	return nil
}

// row is a sample or a bucket as it is in the file.
type row struct {
	from   int64 // milliseconds
	counts [4]int
	least  int64 // microseconds, as the next three
	median int64
	p95    int64
	most   int64
	said   string
}

func (r row) answers() int { return r.counts[0] + r.counts[1] }

// oneSample is a row of a single sample.
func oneSample(at, took int64, result int, said string) row {
	r := row{from: at, least: took, median: took, p95: took, most: took, said: said}
	r.counts[result] = 1
	return r
}

// merge summarizes rows in buckets of a step, in milliseconds. Where every row is a single sample, the result is exact;
// otherwise the median and the 95th percentile are those of the rows', by their number of answers.
func merge(rows []row, step int64) (all []row) {
	for len(rows) > 0 {
		from := floor(rows[0].from, step)
		n := slices.IndexFunc(rows, func(r row) bool { return floor(r.from, step) != from })
		if n < 0 {
			n = len(rows)
		}
		all = append(all, summarize(from, rows[:n]))
		rows = rows[n:]
	}
	return all
}

func floor(at, step int64) int64 { return at - (at%step+step)%step }

func summarize(from int64, rows []row) row {
	sum := row{from: from}
	var medians, p95s []weighted
	for _, r := range rows {
		for i, n := range r.counts {
			sum.counts[i] += n
		}
		if r.said != "" {
			sum.said = r.said
		}
		if r.most == 0 {
			continue // no answer came
		}
		if sum.least == 0 || r.least < sum.least {
			sum.least = r.least
		}
		sum.most = max(sum.most, r.most)
		medians, p95s = append(medians, weighted{r.median, r.answers()}), append(p95s, weighted{r.p95, r.answers()})
	}
	sum.median, sum.p95 = rank(medians, 50), rank(p95s, 95)
	return sum
}

type weighted struct {
	value  int64
	weight int
}

// rank is the nearest-rank percentile; 0 of nothing.
func rank(all []weighted, percent int) int64 {
	total := 0
	for _, w := range all {
		total += w.weight
	}
	slices.SortFunc(all, func(a, b weighted) int { return int(a.value - b.value) })
	at := max((total*percent+99)/100, 1)
	for _, w := range all {
		if at -= w.weight; at <= 0 {
			return w.value
		}
	}
	return 0
}

func (r row) bucket(check string, step time.Duration) watch.Bucket {
	micro := func(n int64) time.Duration { return time.Duration(n) * time.Microsecond }
	return watch.Bucket{
		Check: check, From: time.UnixMilli(r.from).UTC(), Step: step, Good: r.counts[0], Bad: r.counts[1], Unmeasured: r.counts[2], Paused: r.counts[3],
		Min: micro(r.least), Median: micro(r.median), P95: micro(r.p95), Max: micro(r.most), Said: r.said,
	}
}
