package history

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"bluegate/watch"
)

// kind is what an entry is.
type kind string

const (
	changes     kind = "change"
	deployments kind = "deployment"
	notes       kind = "note"
	events      kind = "event"
)

// Record writes a change of a verdict, the event that tells of it, and a delivery for each target, all or nothing.
func (h *History) Record(ctx context.Context, c watch.Change, e *watch.Event, targets []string) error {
	return h.entry(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := put(ctx, tx, changes, c.ID, c.At, c.Subject, c); err != nil || e == nil {
			return err
		}
		return queue(ctx, tx, *e, targets)
	})
}

// AddDeployment writes a deployment. One that is already there is replaced.
func (h *History) AddDeployment(ctx context.Context, d watch.Deployment) error {
	return h.entry(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return put(ctx, tx, deployments, d.ID, d.At, string(d.To), d)
	})
}

// AddNote writes a note.
func (h *History) AddNote(ctx context.Context, n watch.Note) error {
	return h.entry(ctx, func(ctx context.Context, tx *sql.Tx) error { return put(ctx, tx, notes, n.ID, n.At, n.About, n) })
}

// entry writes, and tells the subscribers.
func (h *History) entry(ctx context.Context, do func(context.Context, *sql.Tx) error) error {
	if err := h.write(ctx, do); err != nil {
		return fmt.Errorf("write to the history %s: %w", h.path, err)
	}
	h.readers.Signal()
	return nil
}

func put(ctx context.Context, tx *sql.Tx, k kind, id string, at time.Time, subject string, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT OR REPLACE INTO main.entries (kind, id, at, subject, body) VALUES (?, ?, ?, ?, ?)", string(k), id, at.UnixMicro(), subject, string(text))
	return err
}

// Changes implements watch.Reader.
func (h *History) Changes(ctx context.Context, from, to time.Time) ([]watch.Change, error) {
	return list[watch.Change](ctx, h, changes, from, to)
}

// Deployments implements watch.Reader.
func (h *History) Deployments(ctx context.Context, from, to time.Time) ([]watch.Deployment, error) {
	return list[watch.Deployment](ctx, h, deployments, from, to)
}

// Notes implements watch.Reader.
func (h *History) Notes(ctx context.Context, from, to time.Time) ([]watch.Note, error) {
	return list[watch.Note](ctx, h, notes, from, to)
}

// LastChange is the last change of a check, which says its verdict; nil: there is none.
func (h *History) LastChange(ctx context.Context, subject string) (*watch.Change, error) {
	all, err := query[watch.Change](ctx, h, "SELECT body FROM entries WHERE kind = ? AND subject = ? ORDER BY at DESC LIMIT 1", string(changes), subject)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return &all[0], nil
}

func list[T any](ctx context.Context, h *History, k kind, from, to time.Time) ([]T, error) {
	return query[T](ctx, h, "SELECT body FROM entries WHERE kind = ? AND at >= ? AND at < ? ORDER BY at, id", string(k), from.UnixMicro(), to.UnixMicro())
}

// query reads bodies.
func query[T any](ctx context.Context, h *History, text string, args ...any) (all []T, err error) {
	err = h.read(ctx, func(q querier) error {
		rows, err := q.QueryContext(ctx, text, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var body string
			var one T
			if err := rows.Scan(&body); err != nil {
				return err
			}
			if err := json.Unmarshal([]byte(body), &one); err != nil {
				return err
			}
			all = append(all, one)
		}
		return rows.Err()
	})
	return all, err
}

// Keep writes a value that a later process reads with Kept.
func (h *History) Keep(ctx context.Context, key, value string) error {
	return h.write(ctx, func(ctx context.Context, tx *sql.Tx) error { return keep(ctx, tx, key, value) })
}

func keep(ctx context.Context, tx *sql.Tx, key, value string) error {
	_, err := tx.ExecContext(ctx, "INSERT OR REPLACE INTO main.kept (key, value) VALUES (?, ?)", key, value)
	return err
}

// Kept is a value that was kept; empty: there is none.
func (h *History) Kept(ctx context.Context, key string) (value string, err error) {
	err = h.read(ctx, func(q querier) error {
		return q.QueryRowContext(ctx, "SELECT value FROM kept WHERE key = ?", key).Scan(&value)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return value, err
}
