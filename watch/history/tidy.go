package history

import (
	"context"
	"database/sql"
	"time"
)

// tidyEvery is how often summaries are made and old entries are removed.
const tidyEvery = time.Minute

// batch is how many rows are removed in one transaction, so that no other process waits for long.
const batch = 20_000

// tidy makes summaries, and removes what is older or more than the history may keep.
func (h *History) tidy(ctx context.Context, now time.Time) error {
	h.mu.Lock()
	due := h.memory.Load() == nil && now.Sub(h.tidied) >= tidyEvery
	if due {
		h.tidied = now
	}
	h.mu.Unlock()
	if !due {
		return nil
	}
	if err := h.rollUp(ctx, now); err != nil {
		return err
	}
	if err := h.expire(ctx, now); err != nil {
		return err
	}
	return h.shrink(ctx)
}

// expire removes what is too old. No sample is removed before it is part of every summary.
func (h *History) expire(ctx context.Context, now time.Time) error {
	horizon := now.AddDate(0, 0, -h.options.Days)
	summarized := min(now.Add(-rawFor).UnixMilli(), floor(now.Add(-lateness).UnixMilli(), (24*time.Hour).Milliseconds()))
	removals := []struct {
		query string
		args  []any
	}{
		{"DELETE FROM main.entries WHERE kind != ? AND at < ?", []any{string(changes), horizon.UnixMicro()}},
		// The last change of a check is its verdict.
		{"DELETE FROM main.entries AS e WHERE kind = ? AND at < ? AND EXISTS (SELECT 1 FROM main.entries WHERE kind = e.kind AND subject = e.subject AND at > e.at)", []any{string(changes), horizon.UnixMicro()}},
		{"DELETE FROM main.deliveries WHERE event NOT IN (SELECT id FROM main.entries WHERE kind = ?)", []any{string(events)}},
	}
	for _, l := range levels {
		oldest := horizon
		if l.keep > 0 && now.Add(-l.keep).After(horizon) {
			oldest = now.Add(-l.keep)
		}
		removals = append(removals, struct {
			query string
			args  []any
		}{"DELETE FROM main.buckets WHERE step = ? AND at < ?", []any{int64(l.step / time.Second), oldest.Unix()}})
	}
	if err := h.removeSamples(ctx, summarized); err != nil {
		return err
	}
	return h.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for _, r := range removals {
			if _, err := tx.ExecContext(ctx, r.query, r.args...); err != nil {
				return err
			}
		}
		return nil
	})
}

// removeSamples removes the samples before a time, check by check: the rows of a check lie next to each other.
func (h *History) removeSamples(ctx context.Context, before int64) error {
	var checks []int64
	err := h.read(ctx, func(q querier) (err error) {
		checks, err = numbers(ctx, q)
		return err
	})
	for _, c := range checks {
		for err == nil {
			var removed int64
			err = h.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
				// The end of the batch is found by the key; DELETE itself has no limit.
				done, err := tx.ExecContext(ctx, "DELETE FROM main.samples WHERE c = ?1 AND at < min(?2, coalesce((SELECT at FROM main.samples WHERE c = ?1 AND at < ?2 ORDER BY at LIMIT 1 OFFSET ?3), ?2))", c, before, batch)
				if err != nil {
					return err
				}
				removed, err = done.RowsAffected()
				return err
			})
			if removed < batch {
				break
			}
		}
	}
	return err
}

// shrink removes the oldest samples, then the oldest summaries and entries, until the file is small enough; then it gives
// free pages back.
func (h *History) shrink(ctx context.Context) error {
	for range 100 {
		used, free, err := h.size(ctx)
		if err != nil || used <= int64(h.options.MB)<<20 {
			if err == nil && free > used/4 {
				err = h.vacuum(ctx)
			}
			return err
		}
		if err := h.write(ctx, h.removeOldest); err != nil {
			return err
		}
	}
	return nil
}

// removeOldest removes a tenth of the samples, by time; if there are few, of the summaries and entries too.
func (h *History) removeOldest(ctx context.Context, tx *sql.Tx) error {
	var least, most sql.NullInt64
	if err := tx.QueryRowContext(ctx, "SELECT min(at), max(at) FROM main.samples").Scan(&least, &most); err != nil {
		return err
	}
	if span := most.Int64 - least.Int64; span > time.Hour.Milliseconds() {
		_, err := tx.ExecContext(ctx, "DELETE FROM main.samples WHERE at < ?", least.Int64+span/10)
		return err
	}
	for _, query := range []string{
		"DELETE FROM main.buckets WHERE at < (SELECT min(at) + (max(at) - min(at)) / 10 FROM main.buckets)",
		"DELETE FROM main.entries WHERE at < (SELECT min(at) + (max(at) - min(at)) / 10 FROM main.entries)",
	} {
		if _, err := tx.ExecContext(ctx, query); err != nil {
			return err
		}
	}
	return h.removeWords(ctx, tx)
}

// size is how many bytes the entries use, and how many are free in the file.
func (h *History) size(ctx context.Context) (used, free int64, err error) {
	err = h.read(ctx, func(q querier) error {
		var pages, unused, bytes int64
		for pragma, to := range map[string]*int64{"page_count": &pages, "freelist_count": &unused, "page_size": &bytes} {
			if err := q.QueryRowContext(ctx, "PRAGMA "+pragma).Scan(to); err != nil {
				return err
			}
		}
		used, free = (pages-unused)*bytes, unused*bytes
		return nil
	})
	return used, free, err
}

func (h *History) vacuum(ctx context.Context) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	_, err := h.conn.ExecContext(ctx, "PRAGMA incremental_vacuum")
	return err
}
