package deploy

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"bluegate/deploy/model"
)

func sprintf(format string, args ...any) string { return fmt.Sprintf(format, args...) }

// holder is who holds the locks of a process.
func (p *process) holder() model.Holder {
	return model.Holder{Command: "deploy", User: "kim", Host: "runner-7", PID: 4711, Since: time.Date(2026, 11, 20, 11, 45, 0, 0, time.UTC)}
}

// CanHelp implements StateStore.
func (p *process) CanHelp(ctx context.Context) error { return cmp.Or(p.ask(ctx), p.cannotHelp) }

// Lock implements StateStore. A dead holder's lock is taken over.
func (p *process) Lock(ctx context.Context, name string, _ model.Holder) (model.Lease, error) {
	h, err := p.Holder(ctx, name)
	if err == nil && h != nil {
		err = &model.LockedError{Lock: name, Holder: *h}
	}
	if err == nil {
		err = p.change(ctx, "lock "+name, func() { p.locks[name] = p })
	}
	if err != nil {
		return nil, err
	}
	l := &fakeLease{p: p, name: name, lost: make(chan struct{})}
	p.leases.Store(name, l)
	return l, nil
}

// fakeLease implements Lease.
type fakeLease struct {
	p    *process
	name string
	lost chan struct{}

	mu    sync.Mutex
	until time.Time // zero: far away
	why   error     // it was lost
}

func (l *fakeLease) Lost() <-chan struct{} { return l.lost }

func (l *fakeLease) Why() error { return l.why }

func (l *fakeLease) Until() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.until.IsZero() {
		return time.Now().Add(time.Hour)
	}
	return l.until
}

func (l *fakeLease) Release(ctx context.Context) error {
	return l.p.change(ctx, "unlock "+l.name, func() {
		if l.p.locks[l.name] == l.p {
			delete(l.p.locks, l.name)
		}
	})
}

// lose is a lease that could not be renewed. After five seconds it may be another's.
func (p *process) lose(name string) { p.loseBy(name, nil) }

func (p *process) loseBy(name string, why error) {
	stored, _ := p.leases.Load(name)
	l := stored.(*fakeLease)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.why = why
	l.until = time.Now().Add(5 * time.Second)
	close(l.lost)
}

// Holder implements StateStore.
func (p *process) Holder(ctx context.Context, name string) (*model.Holder, error) {
	if err := p.ask(ctx); err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if other := p.locks[name]; other == nil || other.dead {
		return nil, nil
	}
	h := p.holder()
	return &h, nil
}

// Read implements StateStore.
func (p *process) Read(ctx context.Context, _ string) (model.Journal, error) {
	if err := p.ask(ctx); err != nil {
		return model.Journal{}, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.journalFails != nil {
		return model.Journal{}, p.journalFails
	}
	if p.journal == nil {
		return model.Journal{Version: model.JournalVersion}, nil
	}
	var j model.Journal
	return j, json.Unmarshal(p.journal, &j)
}

// Write implements StateStore.
func (p *process) Write(ctx context.Context, _ string, j model.Journal) error {
	text, err := json.Marshal(j)
	if err != nil {
		return err
	}
	phase := "closed"
	if j.Current != nil {
		phase = string(j.Current.Phase)
	}
	return p.change(ctx, "journal "+phase, func() {
		p.journal = text
		if phase == string(model.PhaseSwitched) {
			p.spared = model.None
		}
	})
}

// History implements HistoryStore.
func (p *process) History(ctx context.Context, _ string) ([]model.HistoryRecord, error) {
	if err := p.ask(ctx); err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.history), nil
}

// Remember implements HistoryStore. It counts as a call that only asks: nothing depends on it.
func (p *process) Remember(ctx context.Context, project string, rec model.HistoryRecord) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.locks[project] != p && !p.dead {
		p.breaks("the history is written without the lock")
	}
	if p.historyFails != nil {
		return p.historyFails
	}
	return p.call(ctx, "", func() { p.history = append([]model.HistoryRecord{rec}, p.history...) })
}

// Sweep implements StateStore.
func (p *process) Sweep(ctx context.Context, _ string) error {
	p.mu.Lock()
	left := len(p.helpers)
	p.mu.Unlock()
	if left == 0 {
		return p.ask(ctx)
	}
	return p.change(ctx, "sweep", func() { clear(p.helpers) })
}
