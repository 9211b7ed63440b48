package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"modernc.org/sqlite"
)

// The result codes of SQLite that matter here, without their extension.
const (
	readOnly     = 8
	inOutError   = 10
	corrupt      = 11
	full         = 13
	cannotOpen   = 14
	notADatabase = 26
)

// errDamaged is what SQLite finds in a file that it can open.
var errDamaged = errors.New("the test of the file failed")

// code is the result code of an error of SQLite; 0: it is another error.
func code(err error) int {
	var e *sqlite.Error
	if errors.As(err, &e) {
		return e.Code() & 0xff
	}
	return 0
}

// write runs a transaction: in the file, or in memory while the file cannot be written. do may be called twice.
func (h *History) write(ctx context.Context, do func(ctx context.Context, tx *sql.Tx) error) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.memory.Load() == nil {
		err := inTransaction(ctx, h.conn, do)
		if err == nil {
			return nil
		}
		h.ids.forget()
		if ctx.Err() != nil || !unwritable(err) {
			return err
		}
		if err := h.degrade(ctx, err); err != nil {
			return err
		}
	}
	err := inTransaction(ctx, h.memory.Load().conn, do)
	if err != nil {
		h.ids.forget()
	}
	return err
}

// querier is what can be asked.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// read asks the file, or the file and what is in memory.
func (h *History) read(ctx context.Context, do func(q querier) error) error {
	if h.memory.Load() == nil {
		return do(h.db)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if o := h.memory.Load(); o != nil {
		return do(o.conn)
	}
	return do(h.db)
}

// unwritable says whether an error is of the file, and not of what is written or of another process.
func unwritable(err error) bool {
	switch code(err) {
	case readOnly, inOutError, full, cannotOpen:
		return true
	}
	return false
}

func inTransaction(ctx context.Context, conn *sql.Conn, do func(ctx context.Context, tx *sql.Tx) error) error {
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := do(ctx, tx); err != nil {
		_ = tx.Rollback()
		return err
	}
	if err := tx.Commit(); err != nil {
		_ = tx.Rollback()
		return err
	}
	return nil
}

// overlay is a database in memory in front of the file: it holds what the file could not take, and shows both as one.
type overlay struct {
	db   *sql.DB
	conn *sql.Conn
	next time.Time // when the file is tried again
	why  string    // it is needed
}

// retryEvery is how often a file that could not be written is tried again.
const retryEvery = 10 * time.Second

// degrade begins to keep entries in memory. h.mu is held.
func (h *History) degrade(ctx context.Context, why error) error {
	o, err := newOverlay(ctx, h.path)
	if err != nil {
		return errors.Join(why, err)
	}
	o.why = fmt.Sprintf("the history %s cannot be written (%v): entries are kept in memory until it can be", h.path, why)
	h.memory.Store(o)
	return nil
}

// newOverlay attaches the file to a database in memory. The names of tables without a schema mean both together, because
// a temporary view takes precedence.
func newOverlay(ctx context.Context, path string) (o *overlay, err error) {
	o = &overlay{next: time.Now().Add(retryEvery)}
	if o.db, err = sql.Open("sqlite", ":memory:"); err != nil {
		return nil, err
	}
	o.db.SetMaxOpenConns(1)
	if o.conn, err = o.db.Conn(ctx); err != nil {
		return nil, errors.Join(err, o.db.Close())
	}
	// Checks and words are copied, so that their numbers stay the same.
	_, err = o.conn.ExecContext(ctx, fmt.Sprintf("PRAGMA busy_timeout = %d; %s ATTACH ? AS disk; INSERT INTO main.checks SELECT * FROM disk.checks; INSERT INTO main.words SELECT * FROM disk.words;", busy.Milliseconds(), schema), path)
	for _, view := range []struct{ table, key string }{
		{"samples", "c, at"}, {"buckets", "step, c, at"}, {"entries", "kind, id"}, {"deliveries", "event, target"}, {"kept", "key"},
	} {
		if err == nil {
			_, err = o.conn.ExecContext(ctx, fmt.Sprintf("CREATE TEMP VIEW %[1]s AS SELECT * FROM main.%[1]s UNION ALL SELECT * FROM disk.%[1]s WHERE (%[2]s) NOT IN (SELECT %[2]s FROM main.%[1]s)", view.table, view.key))
		}
	}
	if err != nil {
		return nil, errors.Join(err, o.close())
	}
	return o, nil
}

func (o *overlay) close() error { return errors.Join(o.conn.Close(), o.db.Close()) }

// recover writes what is in memory to the file, if it is time to try that. h.mu is held.
func (h *History) recover(ctx context.Context, now time.Time) {
	o := h.memory.Load()
	if o == nil || now.Before(o.next) {
		return
	}
	o.next = now.Add(retryEvery)
	err := inTransaction(ctx, o.conn, func(ctx context.Context, tx *sql.Tx) error {
		for _, table := range tables {
			if _, err := tx.ExecContext(ctx, fmt.Sprintf("INSERT OR REPLACE INTO disk.%[1]s SELECT * FROM main.%[1]s", table)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return
	}
	h.memory.Store(nil)
	_ = o.close()
}

// names are the numbers of checks and words, as far as they are known.
type names struct{ checks, words map[string]int64 }

// knownNames bounds the memory of names: a word may contain a number that is different each time.
const knownNames = 4096

// forget is called after a transaction that failed: its numbers are not there.
func (n *names) forget() { n.checks, n.words = nil, nil }

func (n *names) check(ctx context.Context, tx *sql.Tx, name string) (int64, error) {
	return number(ctx, tx, &n.checks, "checks", "name", name)
}

// word is the number of a text; nil: there is none.
func (n *names) word(ctx context.Context, tx *sql.Tx, text string) (*int64, error) {
	if text == "" {
		return nil, nil
	}
	id, err := number(ctx, tx, &n.words, "words", "text", text)
	return &id, err
}

// number is the number of a name in a table, which gets one if it has none.
func number(ctx context.Context, tx *sql.Tx, known *map[string]int64, table, column, name string) (int64, error) {
	if id, ok := (*known)[name]; ok {
		return id, nil
	}
	if _, err := tx.ExecContext(ctx, fmt.Sprintf("INSERT OR IGNORE INTO main.%s (%s) VALUES (?)", table, column), name); err != nil {
		return 0, err
	}
	var id int64
	if err := tx.QueryRowContext(ctx, fmt.Sprintf("SELECT id FROM main.%s WHERE %s = ?", table, column), name).Scan(&id); err != nil {
		return 0, err
	}
	if *known == nil || len(*known) >= knownNames {
		*known = map[string]int64{}
	}
	(*known)[name] = id
	return id, nil
}
