package history

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"bluegate/watch"
)

var _ watch.Outbox = (*History)(nil)

// Queue implements watch.Outbox.
func (h *History) Queue(ctx context.Context, e watch.Event, targets []string) error {
	return h.entry(ctx, func(ctx context.Context, tx *sql.Tx) error { return queue(ctx, tx, e, targets) })
}

func queue(ctx context.Context, tx *sql.Tx, e watch.Event, targets []string) error {
	var there int
	if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM entries WHERE kind = ? AND id = ?", string(events), e.ID).Scan(&there); err != nil || there > 0 {
		return err
	}
	if err := put(ctx, tx, events, e.ID, e.At, e.Subject, e); err != nil {
		return err
	}
	for _, target := range targets {
		if _, err := tx.ExecContext(ctx, "INSERT INTO main.deliveries (event, target, attempts, due, sent, error) VALUES (?, ?, 0, ?, NULL, '')", e.ID, target, e.At.UnixMicro()); err != nil {
			return err
		}
	}
	return nil
}

// Due implements watch.Outbox.
func (h *History) Due(ctx context.Context, now time.Time) (all []watch.Delivery, err error) {
	err = h.read(ctx, func(q querier) error {
		rows, err := q.QueryContext(ctx, "SELECT body, target, attempts FROM deliveries JOIN entries ON kind = ? AND id = event WHERE sent IS NULL AND due <= ? ORDER BY at, id, target", string(events), now.UnixMicro())
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var d watch.Delivery
			var body string
			if err := rows.Scan(&body, &d.Target, &d.Attempts); err != nil {
				return err
			}
			if err := json.Unmarshal([]byte(body), &d.Event); err != nil {
				return err
			}
			all = append(all, d)
		}
		return rows.Err()
	})
	return all, err
}

// Sent implements watch.Outbox.
func (h *History) Sent(ctx context.Context, event, target string, at time.Time) error {
	return h.deliver(ctx, event, target, nil, &at, "")
}

// Failed implements watch.Outbox.
func (h *History) Failed(ctx context.Context, event, target, why string, next time.Time) error {
	if next.IsZero() {
		return h.deliver(ctx, event, target, nil, nil, why)
	}
	return h.deliver(ctx, event, target, &next, nil, why)
}

// deliver replaces a delivery: while the file cannot be written, the one in memory takes its place.
func (h *History) deliver(ctx context.Context, event, target string, due, sent *time.Time, why string) error {
	micro := func(t *time.Time) *int64 {
		if t == nil {
			return nil
		}
		n := t.UnixMicro()
		return &n
	}
	return h.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT OR REPLACE INTO main.deliveries (event, target, attempts, due, sent, error) SELECT event, target, attempts + 1, ?, ?, ? FROM deliveries WHERE event = ? AND target = ?",
			micro(due), micro(sent), why, event, target)
		return err
	})
}

// Told implements watch.Outbox.
func (h *History) Told(ctx context.Context, subject, target string) (told bool, err error) {
	err = h.read(ctx, func(q querier) error {
		// Only the events since the last recovery that this target was told of count.
		return q.QueryRowContext(ctx, `SELECT EXISTS (
			SELECT 1 FROM entries JOIN deliveries ON event = id AND target = ?1 AND sent IS NOT NULL
			WHERE kind = ?2 AND subject = ?3 AND json_extract(body, '$.kind') IN (?4, ?5) AND at > coalesce((
				SELECT max(at) FROM entries JOIN deliveries ON event = id AND target = ?1 AND sent IS NOT NULL
				WHERE kind = ?2 AND subject = ?3 AND json_extract(body, '$.kind') = ?6), 0))`,
			target, string(events), subject, string(watch.EventDown), string(watch.EventDegraded), string(watch.EventUp)).Scan(&told)
	})
	return told, err
}
