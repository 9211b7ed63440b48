package state

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/swarm"

	"bluegate/compose/engine"
	"bluegate/deploy/model"
)

// SwarmStore implements model.StateStore and model.HistoryStore in config objects of a Swarm, which every manager sees: a
// name exists once, and a content never changes.
type SwarmStore struct {
	*Store  // for the helper containers of this engine
	journal versions
	history versions
}

// NewSwarm returns a SwarmStore that asks the engine of a manager.
func NewSwarm(e *engine.Engine) *SwarmStore {
	return &SwarmStore{Store: New(e), journal: versions{e, "journal", engine.JournalLabel}, history: versions{e, "history", engine.HistoryLabel}}
}

// clocksDiffer is by how much the clocks of two managers may differ: the leader's says when a lock was renewed, and the
// clock of the manager that is asked says what time it is.
const clocksDiffer = 10 * time.Second

func lockObject(name string) string { return engine.ObjectName("bluegate-lock-", name, "") }

// Lock implements model.StateStore.
func (l *SwarmStore) Lock(ctx context.Context, name string, h model.Holder) (model.Lease, error) {
	text, err := json.Marshal(h)
	if err != nil {
		return nil, err
	}
	spec := swarm.ConfigSpec{Data: text, Annotations: swarm.Annotations{Name: lockObject(name), Labels: map[string]string{engine.OwnLabel: "lock", engine.HolderLabel: h.String()}}}
	for deadline := time.Now().Add(engine.AskLimit); ; {
		until := leaseEnd()
		id, err := l.create(ctx, spec)
		if err == nil {
			return keepLease(ctx, l.engine, configLock{l.engine, id}, until), nil
		}
		if !errdefs.IsConflict(err) || time.Now().After(deadline) {
			return nil, l.engine.SwarmUnreachable(fmt.Errorf("take the lock %s: %w", name, err))
		}
		lock, err := l.lockOf(ctx, name)
		if err != nil {
			return nil, l.engine.SwarmUnreachable(fmt.Errorf("read the lock %s: %w", name, err))
		}
		if lock.alive {
			return nil, &model.LockedError{Lock: name, Holder: lock.holder}
		}
		if lock.id != "" { // by its id: another one may have taken its name
			if err := (configLock{l.engine, lock.id}).remove(ctx); err != nil {
				return nil, l.engine.SwarmUnreachable(fmt.Errorf("remove the lock %s of a dead holder (%s): %w", name, lock.holder, err))
			}
		}
		if err := model.Sleep(ctx, lockPause); err != nil {
			return nil, err
		}
	}
}

func (l *SwarmStore) create(ctx context.Context, spec swarm.ConfigSpec) (id string, err error) {
	ctx, cancel := engine.Asking(ctx)
	defer cancel()
	made, err := l.engine.ConfigCreate(ctx, spec)
	return made.ID, err
}

// Holder implements model.StateStore.
func (l *SwarmStore) Holder(ctx context.Context, name string) (*model.Holder, error) {
	lock, err := l.lockOf(ctx, name)
	if err != nil || !lock.alive {
		return nil, l.engine.SwarmUnreachable(err)
	}
	return &lock.holder, nil
}

// takenLock is a lock that exists.
type takenLock struct {
	id     string // empty: there is none
	holder model.Holder
	alive  bool
}

// lockOf reads a lock. Its holder is alive by its process if that is visible, otherwise by its lease.
func (l *SwarmStore) lockOf(ctx context.Context, name string) (lock takenLock, err error) {
	ctx, cancel := engine.Asking(ctx)
	defer cancel()
	info, _, err := l.engine.ConfigInspectWithRaw(ctx, lockObject(name))
	if errdefs.IsNotFound(err) {
		return lock, nil
	}
	if err != nil {
		return lock, err
	}
	lock.id = info.ID
	if err := json.Unmarshal(info.Spec.Data, &lock.holder); err != nil {
		return lock, fmt.Errorf("config %s is not a bluegate lock (its content cannot be read); remove it if it is not needed", info.Spec.Name)
	}
	if seen, lives := processOf(lock.holder); seen {
		lock.alive = lives
		return lock, nil
	}
	lock.alive = leased(info.UpdatedAt, time.Now().Add(-l.engine.Skew))
	return lock, nil
}

// leased says whether a lock that was taken or renewed at a time may still be held now, by the clocks of two managers.
func leased(renewed, now time.Time) bool {
	return now.Before(renewed.Add(leaseLength + clocksDiffer))
}

// configLock is a lock that is a config object.
type configLock struct {
	engine *engine.Engine
	id     string
}

// renew implements heldLock. The change is what renews it: the leader notes its time.
func (l configLock) renew(ctx context.Context, until time.Time) error {
	info, _, err := l.engine.ConfigInspectWithRaw(ctx, l.id)
	if err != nil {
		return err
	}
	info.Spec.Labels[engine.LeaseLabel] = until.Add(-l.engine.Skew).UTC().Format(time.RFC3339Nano)
	return l.engine.ConfigUpdate(ctx, l.id, info.Version, info.Spec)
}

func (l configLock) remove(ctx context.Context) error {
	ctx, cancel := engine.Asking(ctx)
	defer cancel()
	if err := l.engine.ConfigRemove(ctx, l.id); err != nil && !errdefs.IsNotFound(err) {
		return err
	}
	return nil
}

func (l configLock) String() string { return "config " + l.id }

// Read implements model.StateStore.
func (l *SwarmStore) Read(ctx context.Context, project string) (model.Journal, error) {
	newest, _, err := l.journal.list(ctx, project)
	if err != nil {
		return model.Journal{}, l.engine.SwarmUnreachable(fmt.Errorf("read the journal of %s: %w", project, err))
	}
	if newest.ID == "" {
		return model.Journal{Version: model.JournalVersion}, nil
	}
	j, err := unseal(newest.Spec.Data)
	if err != nil {
		return j, &model.ManualActionError{
			Err: fmt.Errorf("the journal of %s (config %s) cannot be used: %w", project, newest.Spec.Name, err),
			Run: fmt.Sprintf("look at it with `docker config inspect --pretty %[1]s`; when you know which colour is live, remove it with `docker config rm %[1]s`", newest.Spec.Name),
		}
	}
	return j, nil
}

// Write implements model.StateStore.
func (l *SwarmStore) Write(ctx context.Context, project string, j model.Journal) error {
	text, err := seal(j)
	if err == nil {
		err = l.journal.write(ctx, project, text)
	}
	if err != nil {
		return l.engine.SwarmUnreachable(fmt.Errorf("write the journal of %s: %w", project, err))
	}
	return nil
}

// History implements model.HistoryStore.
func (l *SwarmStore) History(ctx context.Context, project string) ([]model.HistoryRecord, error) {
	newest, _, err := l.history.list(ctx, project)
	if err != nil {
		return nil, l.engine.SwarmUnreachable(fmt.Errorf("read the history of %s: %w", project, err))
	}
	if newest.ID == "" {
		return nil, nil
	}
	records, err := openHistory(newest.Spec.Data)
	if err != nil {
		err = fmt.Errorf("the history of %s (config %s) cannot be read, and the next deployment begins a new one: %w", project, newest.Spec.Name, err)
	}
	return records, err
}

// largestObject is what every Swarm accepts as the content of a config.
const largestObject = 480 << 10

// Remember implements model.HistoryStore.
func (l *SwarmStore) Remember(ctx context.Context, project string, rec model.HistoryRecord) error {
	records, err := l.History(ctx, project)
	if model.Is[*model.UnreachableError](err) || ctx.Err() != nil {
		return err
	}
	records = append([]model.HistoryRecord{rec}, records...)
	text, err := sealHistory(records)
	for err == nil && len(text) > largestObject && len(records) > 1 {
		records = records[:len(records)*3/4]
		text, err = sealHistory(records)
	}
	if err == nil {
		err = l.history.write(ctx, project, text)
	}
	if err != nil {
		return l.engine.SwarmUnreachable(fmt.Errorf("write the history of %s: %w", project, err))
	}
	return nil
}

// versions are the config objects of one kind. Each content is a new object with the next number; the one with the highest
// number is the content.
type versions struct {
	engine *engine.Engine
	kind   string
	label  string
}

// list returns the newest version, without an ID if there is none, and the older ones.
func (v versions) list(ctx context.Context, project string) (newest swarm.Config, older []swarm.Config, err error) {
	ctx, cancel := engine.Asking(ctx)
	defer cancel()
	all, err := v.engine.ConfigList(ctx, swarm.ConfigListOptions{Filters: filters.NewArgs(filters.Arg("label", v.label+"="+project))})
	if err != nil {
		return newest, nil, err
	}
	for _, c := range all {
		switch {
		case newest.ID == "":
			newest = c
		case versionOf(c) > versionOf(newest):
			newest, older = c, append(older, newest)
		default:
			older = append(older, c)
		}
	}
	return newest, older, nil
}

func versionOf(c swarm.Config) (n uint64) {
	_, _ = fmt.Sscanf(c.Spec.Labels[engine.VersionLabel], "%d", &n)
	return n
}

// errWrittenByOther says that two clients wrote at the same time, which the lock prevents.
var errWrittenByOther = errors.New("another client wrote it at the same time")

// write makes a content the newest version. A writer that dies leaves the version before or the new one complete.
func (v versions) write(ctx context.Context, project string, content []byte) error {
	newest, older, err := v.list(ctx, project)
	if err != nil {
		return err
	}
	ask, cancel := engine.Asking(ctx)
	defer cancel()
	n := fmt.Sprint(versionOf(newest) + 1)
	_, err = v.engine.ConfigCreate(ask, swarm.ConfigSpec{Data: content, Annotations: swarm.Annotations{
		Name:   engine.ObjectName("bluegate-"+v.kind+"-", project, "."+n),
		Labels: map[string]string{engine.OwnLabel: v.kind, v.label: project, engine.VersionLabel: n},
	}})
	if errdefs.IsConflict(err) {
		return fmt.Errorf("%w: %w", errWrittenByOther, err)
	}
	if err != nil {
		return err
	}
	if newest.ID != "" {
		older = append(older, newest)
	}
	for _, c := range older {
		if err := v.engine.ConfigRemove(ask, c.ID); err != nil && !errdefs.IsNotFound(err) {
			return fmt.Errorf("remove its version %s: %w", c.Spec.Name, err)
		}
	}
	return nil
}
