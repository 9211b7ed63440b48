// Package history keeps what a watch sees: samples, changes, deployments, notes, and what people were told, in a file of
// SQLite.
//
// Several processes may write to the file. A killed process loses at most the samples of the last second; everything else
// is written before the call returns. A file that is damaged, or written by a newer version, is refused and never reset.
// If the disk is full, what is written is kept in memory, and written to the file as soon as that is possible again.
package history

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	_ "modernc.org/sqlite" // the driver

	"bluegate/watch"
)

// Options say how far a history reaches back.
type Options struct {
	Days int // 0: DefaultDays
	MB   int // 0: DefaultMB
	// Brief is for a process that writes or reads a few entries and ends: nothing is checked, rolled up or removed, and it may
	// run next to a watch. Without it, the history is that of one process at a time.
	Brief bool
}

// The defaults of Options.
const (
	DefaultDays = 400
	DefaultMB   = 256
)

// busy is how long a writer waits for another process.
const busy = 5 * time.Second

// flushEvery is how often samples are written: what a killed process loses at most.
const flushEvery = time.Second

// History implements watch.Reader's questions about the past, watch.Outbox and watch.History. Its methods may be called by
// several goroutines.
type History struct {
	path    string
	options Options
	db      *sql.DB                 // that is read
	memory  atomic.Pointer[overlay] // nil: the file is written
	waiting pending
	lock    *os.File // nil: Brief

	mu      sync.Mutex // of the connection that writes, and of what follows
	writer  *sql.DB
	conn    *sql.Conn
	last    map[int64]int64 // by check, the time of the last sample
	ids     names
	version int64     // of the file, as the last look found it
	tidied  time.Time // when it was tidied up last

	readers watch.Subscribers

	stop, stopped chan struct{}
}

// Open opens the history in a file, and creates it if there is none. An error says what is wrong with the file.
func Open(ctx context.Context, path string, o Options) (*History, error) {
	h := &History{path: path, options: o, last: map[int64]int64{}, stop: make(chan struct{}), stopped: make(chan struct{})}
	h.options.Days, h.options.MB = cmp.Or(o.Days, DefaultDays), cmp.Or(o.MB, DefaultMB)
	if err := h.open(ctx); err != nil {
		_ = h.close()
		return nil, fmt.Errorf("open the history %s: %w", path, err)
	}
	if o.Brief {
		close(h.stopped)
	} else {
		go h.run()
	}
	return h, nil
}

func (h *History) open(ctx context.Context) error {
	if err := os.MkdirAll(filepath.Dir(h.path), 0o700); err != nil {
		return err
	}
	// SQLite would create it with the permissions that the umask leaves.
	f, err := os.OpenFile(h.path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	fresh, err := h.checkHeader(f)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	pragmas := []string{"journal_mode(wal)", "synchronous(normal)", "journal_size_limit(4194304)"}
	if fresh { // it would change a file that is refused
		pragmas = append([]string{"auto_vacuum(incremental)"}, pragmas...)
	}
	if !h.options.Brief {
		if err := h.lockWatch(); err != nil {
			return err
		}
	}
	if h.writer, err = sql.Open("sqlite", h.source(pragmas...)); err != nil {
		return err
	}
	if h.db, err = sql.Open("sqlite", h.source("query_only(true)")); err != nil {
		return err
	}
	h.db.SetMaxOpenConns(4)
	if h.conn, err = h.writer.Conn(ctx); err != nil {
		return h.broken(err)
	}
	if err := prepare(ctx, h.conn); err != nil {
		return h.broken(err)
	}
	if !h.options.Brief {
		if err := h.check(ctx); err != nil {
			return err
		}
	}
	h.version, err = dataVersion(ctx, h.conn)
	return err
}

// source is the address of the file for the driver.
func (h *History) source(pragmas ...string) string {
	all := append([]string{fmt.Sprintf("busy_timeout(%d)", busy.Milliseconds()), "cache_size(-1024)"}, pragmas...)
	u := url.URL{Scheme: "file", Opaque: (&url.URL{Path: h.path}).EscapedPath(), RawQuery: url.Values{"_pragma": all}.Encode()}
	return u.String()
}

// check reads the whole file once.
func (h *History) check(ctx context.Context) error {
	var found string
	if err := h.conn.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&found); err != nil {
		return h.broken(err)
	}
	if found != "ok" {
		return h.broken(fmt.Errorf("%w: %s", errDamaged, found))
	}
	return nil
}

// broken says what to do about a file that cannot be used.
func (h *History) broken(err error) error {
	if c := code(err); c == notADatabase || c == corrupt || errors.Is(err, errDamaged) {
		return fmt.Errorf("it is damaged, or not a history (%w); it is left as it is: move it away, and a new one is made", err)
	}
	return err
}

// Close writes what is pending.
func (h *History) Close() error {
	if !h.options.Brief {
		close(h.stop)
	}
	<-h.stopped
	err := h.flush(context.Background())
	h.mu.Lock()
	defer h.mu.Unlock()
	if o := h.memory.Load(); o != nil {
		err = errors.Join(fmt.Errorf("the last entries are lost: %s", o.why), o.close())
	}
	return errors.Join(err, h.close())
}

// close closes what is open.
func (h *History) close() (err error) {
	if h.conn != nil {
		err = h.conn.Close()
	}
	for _, db := range []*sql.DB{h.writer, h.db} {
		if db != nil {
			err = errors.Join(err, db.Close())
		}
	}
	if h.lock != nil {
		err = errors.Join(err, h.lock.Close())
	}
	return err
}

// Path is the file.
func (h *History) Path() string { return h.path }

// Trouble says why the history is kept in memory; empty: it is not.
func (h *History) Trouble() string {
	if o := h.memory.Load(); o != nil {
		return o.why
	}
	return ""
}

// run writes, tidies up, and looks for what other processes wrote, until the history is closed.
func (h *History) run() {
	defer close(h.stopped)
	ticker := time.NewTicker(flushEvery)
	defer ticker.Stop()
	ctx := context.Background()
	for {
		select {
		case <-h.stop:
			return
		case now := <-ticker.C:
			_ = h.flush(ctx) // Trouble says it
			h.lookAround(ctx)
			_ = h.tidy(ctx, now)
		}
	}
}

// lookAround notices what another process has written.
func (h *History) lookAround(ctx context.Context) {
	h.mu.Lock()
	now, err := dataVersion(ctx, h.conn)
	changed := err == nil && now != h.version
	if changed {
		h.version = now
	}
	h.mu.Unlock()
	if changed {
		h.readers.Signal()
	}
}

// dataVersion changes when another connection has written.
func dataVersion(ctx context.Context, conn *sql.Conn) (v int64, err error) {
	err = conn.QueryRowContext(ctx, "PRAGMA data_version").Scan(&v)
	return v, err
}

// Subscribe sends after each entry, of this process or of another one, until ctx ends. Signals that the reader does not
// take are dropped.
func (h *History) Subscribe(ctx context.Context) <-chan struct{} { return h.readers.Subscribe(ctx) }
