package history

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// applicationID marks the file as a history of bluegate.
const applicationID = 0x62677768

// version is the layout of the file. A newer one is refused, never reset.
const version = 1

// schema is the layout. Times of samples are milliseconds since 1970, other times microseconds; durations are
// microseconds. The rows of one check lie next to each other, because they are read together.
const schema = `
CREATE TABLE checks (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE words (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE samples (
	c INTEGER NOT NULL, at INTEGER NOT NULL, took INTEGER NOT NULL, result INTEGER NOT NULL, said INTEGER,
	PRIMARY KEY (c, at)
) WITHOUT ROWID;
CREATE TABLE buckets (
	step INTEGER NOT NULL, c INTEGER NOT NULL, at INTEGER NOT NULL,
	good INTEGER NOT NULL, bad INTEGER NOT NULL, unmeasured INTEGER NOT NULL, paused INTEGER NOT NULL,
	least INTEGER NOT NULL, median INTEGER NOT NULL, p95 INTEGER NOT NULL, most INTEGER NOT NULL, said INTEGER,
	PRIMARY KEY (step, c, at)
) WITHOUT ROWID;
CREATE TABLE entries (
	kind TEXT NOT NULL, id TEXT NOT NULL, at INTEGER NOT NULL, subject TEXT NOT NULL, body TEXT NOT NULL,
	PRIMARY KEY (kind, id)
) WITHOUT ROWID;
CREATE INDEX entries_by_time ON entries (kind, at);
CREATE INDEX entries_by_subject ON entries (kind, subject, at);
CREATE TABLE deliveries (
	event TEXT NOT NULL, target TEXT NOT NULL, attempts INTEGER NOT NULL, due INTEGER, sent INTEGER, error TEXT NOT NULL,
	PRIMARY KEY (event, target)
) WITHOUT ROWID;
CREATE TABLE kept (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
`

// tables are all of them.
var tables = []string{"checks", "words", "samples", "buckets", "entries", "deliveries", "kept"}

// header are the bytes at the beginning of every file of SQLite.
const header = "SQLite format 3\x00"

// checkHeader refuses a file of another program before SQLite opens it, because opening it would change its mode.
// fresh says that the file is empty.
func (h *History) checkHeader(f io.ReaderAt) (fresh bool, err error) {
	first := make([]byte, 108) // the header, and that of the first page
	switch n, err := f.ReadAt(first, 0); {
	case n == 0 && err == io.EOF: // new
		return true, nil
	case n < len(first) || string(first[:len(header)]) != header:
		return false, h.broken(errDamaged)
	}
	const rollbackMode, leaf = 1, 0x0d
	// A process that is killed while it makes the file leaves an empty database whose mode is not set yet.
	empty := first[100] == leaf && binary.BigEndian.Uint16(first[103:]) == 0
	if id := binary.BigEndian.Uint32(first[68:]); id != applicationID && (id != 0 || first[18] == rollbackMode && !empty) {
		return false, errForeign
	}
	return false, nil
}

var errForeign = errors.New("it is a database of another program; name another file")

// prepare makes the tables of an empty file, and refuses a file that is not a history of this version.
func prepare(ctx context.Context, conn *sql.Conn) error {
	var id, found int
	if err := conn.QueryRowContext(ctx, "PRAGMA application_id").Scan(&id); err != nil {
		return err
	}
	if err := conn.QueryRowContext(ctx, "PRAGMA user_version").Scan(&found); err != nil {
		return err
	}
	switch {
	case id == applicationID && found == version:
		return nil
	case id == applicationID && found > version:
		return fmt.Errorf("it was written by a newer bluegate (layout %d, this one knows %d); update bluegate, or name another file", found, version)
	case id == applicationID && found != 0:
		return fmt.Errorf("its layout %d is not known", found)
	}
	var things int
	if err := conn.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&things); err != nil {
		return err
	}
	if things > 0 || id != 0 {
		return errForeign
	}
	return create(ctx, conn)
}

// create makes the tables in one transaction, so that another process never sees half of them.
func create(ctx context.Context, conn *sql.Conn) error {
	_, err := conn.ExecContext(ctx, fmt.Sprintf("BEGIN IMMEDIATE; %s PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT", schema, applicationID, version))
	if err == nil {
		return nil
	}
	_, _ = conn.ExecContext(ctx, "ROLLBACK")
	var found int
	if again := conn.QueryRowContext(ctx, "PRAGMA user_version").Scan(&found); again == nil && found == version {
		return nil // another process was faster
	}
	return err
}
