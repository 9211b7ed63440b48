package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"bluegate/watch"
)

// level is a resolution in which samples are kept.
type level struct {
	step time.Duration
	keep time.Duration // 0: as long as the history reaches back
}

// levels are made of single samples when their time is over. The first is for charts of the last two days.
var levels = []level{{5 * time.Minute, rawFor}, {time.Hour, hoursFor}, {24 * time.Hour, 0}}

// How long samples, and summaries of an hour, are kept.
const (
	rawFor   = 2 * 24 * time.Hour
	hoursFor = 30 * 24 * time.Hour
)

// lateness is how long after its beginning a sample may arrive: no summary is made before.
const lateness = time.Minute

// Samples implements watch.Reader.
func (h *History) Samples(ctx context.Context, check string, from, to time.Time, resolution time.Duration) ([]watch.Bucket, error) {
	var all []watch.Bucket
	err := h.read(ctx, func(q querier) error {
		var c int64
		switch err := q.QueryRowContext(ctx, "SELECT id FROM checks WHERE name = ?", check).Scan(&c); {
		case errors.Is(err, sql.ErrNoRows):
			return nil
		case err != nil:
			return err
		}
		for _, part := range parts(from, to, time.Now(), resolution) {
			buckets, err := readPart(ctx, q, c, check, part)
			if err != nil {
				return err
			}
			all = append(all, buckets...)
		}
		return nil
	})
	return all, err
}

// part is a time in which one step is shown.
type part struct {
	from, to int64 // milliseconds
	step     time.Duration
}

// parts divides a time: days where only those are kept, then hours, then what was asked for. Where two parts meet, the
// border belongs to the coarser one, so that nothing is counted twice.
func parts(from, to, now time.Time, resolution time.Duration) (all []part) {
	step := time.Duration(0)
	for i := len(levels) - 1; i >= 0 && resolution > 0; i-- {
		if levels[i].step >= resolution {
			step = levels[i].step
		}
	}
	if resolution > 24*time.Hour {
		step = 24 * time.Hour
	}
	at := from.UnixMilli()
	for _, older := range []struct {
		step, keep time.Duration
	}{{24 * time.Hour, hoursFor}, {time.Hour, rawFor}} {
		if step >= older.step {
			break
		}
		border := floor(now.Add(-older.keep).UnixMilli(), older.step.Milliseconds()) + older.step.Milliseconds()
		if end := min(border, to.UnixMilli()); at < end {
			all = append(all, part{at, end, older.step})
			at = end
		}
	}
	if end := to.UnixMilli(); at < end {
		all = append(all, part{at, end, step})
	}
	return all
}

// readPart reads one part. What is not summarized yet is summarized now, from the next finer rows.
func readPart(ctx context.Context, q querier, c int64, check string, p part) (all []watch.Bucket, err error) {
	if p.step == 0 {
		rows, err := singles(ctx, q, c, p.from, p.to)
		for _, r := range rows {
			all = append(all, r.bucket(check, 0))
		}
		return all, err
	}
	rows, err := summaries(ctx, q, c, len(levels)-1, p)
	if err != nil {
		return nil, err
	}
	for _, r := range merge(rows, p.step.Milliseconds()) {
		all = append(all, r.bucket(check, p.step))
	}
	return all, nil
}

// summaries are the rows of a level as far as they are made, then those of the finer levels, then single samples.
func summaries(ctx context.Context, q querier, c int64, at int, p part) ([]row, error) {
	if at < 0 {
		return singles(ctx, q, c, p.from, p.to)
	}
	l := levels[at]
	if l.step > p.step {
		return summaries(ctx, q, c, at-1, p)
	}
	made, err := madeUntil(ctx, q, l.step)
	if err != nil {
		return nil, err
	}
	rows, err := q.QueryContext(ctx, "SELECT at, good, bad, unmeasured, paused, least, median, p95, most, coalesce(text, '') FROM buckets LEFT JOIN words ON words.id = said WHERE step = ? AND c = ? AND at >= ? AND at < ? ORDER BY at",
		int64(l.step/time.Second), c, p.from/1000, min(p.to, made)/1000)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []row
	for rows.Next() {
		var r row
		if err := rows.Scan(&r.from, &r.counts[0], &r.counts[1], &r.counts[2], &r.counts[3], &r.least, &r.median, &r.p95, &r.most, &r.said); err != nil {
			return nil, err
		}
		r.from *= 1000
		all = append(all, r)
	}
	if err := rows.Err(); err != nil || made >= p.to {
		return all, err
	}
	p.from = max(p.from, made)
	finer, err := summaries(ctx, q, c, at-1, p)
	return append(all, finer...), err
}

// singles are single samples.
func singles(ctx context.Context, q querier, c, from, to int64) ([]row, error) {
	rows, err := q.QueryContext(ctx, "SELECT at, took, result, coalesce(text, '') FROM samples LEFT JOIN words ON words.id = said WHERE c = ? AND at >= ? AND at < ? ORDER BY at", c, from, to)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []row
	for rows.Next() {
		var at, took int64
		var result int
		var said string
		if err := rows.Scan(&at, &took, &result, &said); err != nil {
			return nil, err
		}
		if result < 0 || result >= len(results) {
			return nil, fmt.Errorf("a sample has result %d, which is not known", result)
		}
		all = append(all, oneSample(at, took, result, said))
	}
	return all, rows.Err()
}

func madeKey(step time.Duration) string { return "made-" + strconv.Itoa(int(step/time.Second)) }

// madeUntil is up to when the summaries of a level are made, in milliseconds; 0: none is.
func madeUntil(ctx context.Context, q querier, step time.Duration) (int64, error) {
	var text string
	err := q.QueryRowContext(ctx, "SELECT value FROM kept WHERE key = ?", madeKey(step)).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(text, 10, 64)
}

// rollUp makes the summaries of every level whose time is over.
func (h *History) rollUp(ctx context.Context, now time.Time) error {
	for _, l := range levels {
		if err := h.write(ctx, func(ctx context.Context, tx *sql.Tx) error { return h.rollUpLevel(ctx, tx, l.step, now) }); err != nil {
			return err
		}
	}
	return nil
}

func (h *History) rollUpLevel(ctx context.Context, tx *sql.Tx, step time.Duration, now time.Time) error {
	made, err := madeUntil(ctx, tx, step)
	until := floor(now.Add(-lateness).UnixMilli(), step.Milliseconds())
	if err != nil || made >= until {
		return err
	}
	checks, err := numbers(ctx, tx)
	if err != nil {
		return err
	}
	for _, c := range checks {
		rows, err := singles(ctx, tx, c, made, until)
		if err != nil {
			return err
		}
		for _, r := range merge(rows, step.Milliseconds()) {
			said, err := h.ids.word(ctx, tx, r.said)
			if err != nil {
				return err
			}
			_, err = tx.ExecContext(ctx, "INSERT OR REPLACE INTO main.buckets (step, c, at, good, bad, unmeasured, paused, least, median, p95, most, said) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
				int64(step/time.Second), c, r.from/1000, r.counts[0], r.counts[1], r.counts[2], r.counts[3], r.least, r.median, r.p95, r.most, said)
			if err != nil {
				return err
			}
		}
	}
	if step == levels[len(levels)-1].step {
		if err := h.removeWords(ctx, tx); err != nil {
			return err
		}
	}
	return keep(ctx, tx, madeKey(step), strconv.FormatInt(until, 10))
}

// removeWords removes the texts that nothing says any more. It reads everything, and is done once a day.
func (h *History) removeWords(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, "DELETE FROM main.words WHERE id NOT IN (SELECT said FROM main.samples WHERE said IS NOT NULL UNION SELECT said FROM main.buckets WHERE said IS NOT NULL)")
	h.ids.forget()
	return err
}

// numbers are the numbers of all checks.
func numbers(ctx context.Context, q querier) (all []int64, err error) {
	rows, err := q.QueryContext(ctx, "SELECT id FROM checks ORDER BY id")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var c int64
		if err := rows.Scan(&c); err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, rows.Err()
}
