package state

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"

	"bluegate/compose/engine"
	"bluegate/deploy/model"
)

// A journal is written twice, in this order. A writer that dies in between leaves one complete journal: the old one in the
// second file, or the new one in the first.
const (
	journalDraft = "journal.new.json"
	journalFile  = "journal.json"
)

// sealed is the stored form of the journal. If it was cut off or altered, its checksum does not match.
type sealed struct {
	Sum     string          `json:"sha256"`
	Journal json.RawMessage `json:"journal"`
}

func (l *Store) journalVessel(project string) engine.StateContainer {
	return engine.StateContainer{Engine: l.engine, Name: "bluegate-journal-" + project, Policy: container.RestartPolicyUnlessStopped}
}

// nextVessel is the new journal container, before it replaces one that never runs, which an older version created.
func (l *Store) nextVessel(project string) engine.StateContainer {
	v := l.journalVessel(project)
	v.Name = "bluegate-journal.next-" + project
	return v
}

// Read implements model.StateStore.
func (l *Store) Read(ctx context.Context, project string) (model.Journal, error) {
	v := l.journalVessel(project)
	j, err := readJournal(ctx, v, journalFile)
	if errdefs.IsNotFound(err) { // a run was killed after it removed the old container and before it renamed the new one
		if j, err = readJournal(ctx, l.nextVessel(project), journalFile); err == nil {
			return j, nil
		}
	}
	var damage *damageError
	if errors.As(err, &damage) || errdefs.IsNotFound(err) { // the engine died in the middle of a write, or between removing a file and creating it
		if draft, draftErr := readJournal(ctx, v, journalDraft); draftErr == nil {
			l.order = [2]string{journalFile, journalDraft} // the complete one is written last
			return draft, nil
		}
	}
	switch {
	case errors.As(err, &damage):
		return j, &model.ManualActionError{
			Err: fmt.Errorf("the journal of %s (container %s) cannot be used: %w", project, v.Name, err),
			Run: fmt.Sprintf("look at it with `docker cp %s:/%s -`; when you know which colour is live, remove it with `docker rm %s`", v.Name, journalFile, v.Name),
		}
	case errdefs.IsNotFound(err):
		return model.Journal{Version: model.JournalVersion}, nil
	case err != nil:
		return j, l.engine.Unreachable(fmt.Errorf("read the journal of %s: %w", project, err))
	}
	return j, nil
}

// damageError means that a journal exists but cannot be used.
type damageError struct{ error }

func readJournal(ctx context.Context, v engine.StateContainer, file string) (model.Journal, error) {
	text, err := v.Get(ctx, file)
	if err != nil {
		return model.Journal{}, err
	}
	j, err := unseal(text)
	if err != nil {
		return j, &damageError{err}
	}
	return j, nil
}

func seal(j model.Journal) ([]byte, error) {
	body, err := json.Marshal(j)
	if err != nil {
		return nil, err
	}
	return json.Marshal(sealed{Sum: sum(body), Journal: body})
}

func unseal(text []byte) (model.Journal, error) {
	var s sealed
	if err := json.Unmarshal(text, &s); err != nil {
		return model.Journal{}, fmt.Errorf("it is corrupt: %w", err)
	}
	if s.Sum != sum(s.Journal) {
		return model.Journal{}, errors.New("it is corrupt: its checksum does not match")
	}
	var j model.Journal
	if err := json.Unmarshal(s.Journal, &j); err != nil {
		return j, fmt.Errorf("it is corrupt: %w", err)
	}
	if j.Version != model.JournalVersion {
		return j, fmt.Errorf("it has version %d, but this bluegate writes version %d", j.Version, model.JournalVersion)
	}
	return j, nil
}

// Write implements model.StateStore.
func (l *Store) Write(ctx context.Context, project string, j model.Journal) error {
	text, err := seal(j)
	if err == nil {
		err = l.write(ctx, project, text)
	}
	if err != nil {
		return l.engine.Unreachable(fmt.Errorf("write the journal of %s: %w", project, err))
	}
	l.order = [2]string{journalDraft, journalFile}
	return nil
}

func (l *Store) write(ctx context.Context, project string, text []byte) error {
	v := l.journalVessel(project)
	err := v.Put(ctx, text, l.order[:]...)
	if errdefs.IsNotFound(err) {
		if err = l.rename(ctx, project); err == nil {
			err = v.Put(ctx, text, l.order[:]...)
		}
	}
	if errdefs.IsNotFound(err) {
		if err = v.CreateRunning(ctx); err == nil || errdefs.IsConflict(err) {
			err = v.Put(ctx, text, l.order[:]...)
		}
	}
	if err != nil || l.lasts == project || !l.engine.CanWait() {
		return err
	}
	if err := l.keepRunning(ctx, project, text); err != nil {
		return err
	}
	l.lasts = project
	return nil
}

// keepRunning makes sure that the journal that was just written is in a running container: it starts one that was
// stopped, and replaces one of an older version, which cannot run. At every moment, one of the two containers has a
// complete journal.
func (l *Store) keepRunning(ctx context.Context, project string, text []byte) error {
	ask, cancel := engine.Asking(ctx)
	defer cancel()
	v, next := l.journalVessel(project), l.nextVessel(project)
	info, err := l.engine.ContainerInspect(ask, v.Name)
	if err != nil {
		return err
	}
	if info.Config.Image != engine.EmptyImage {
		return l.engine.ContainerStart(ask, info.ID, container.StartOptions{})
	}
	if err := next.Remove(ctx); err != nil { // left by a run that was killed before it was complete
		return err
	}
	if err := next.CreateRunning(ctx); err != nil {
		return err
	}
	if err := next.Put(ctx, text, journalDraft, journalFile); err != nil {
		return err
	}
	if err := copyHistory(ctx, v, next); err != nil {
		return err
	}
	if err := engine.RemoveContainer(ctx, l.engine, info.ID); err != nil {
		return err
	}
	return l.rename(ctx, project)
}

// rename gives the new journal container its final name. It returns errdefs.NotFound if there is none.
func (l *Store) rename(ctx context.Context, project string) error {
	ctx, cancel := engine.Asking(ctx)
	defer cancel()
	return l.engine.ContainerRename(ctx, l.nextVessel(project).Name, l.journalVessel(project).Name)
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

// lookLimit is longer than a command that only looks may take. Its helper ends with it; what a killed one has created and
// not started is removed after this time. `bluegate preview` may take hours: its helper stays while it runs.
const lookLimit = 15 * time.Minute

// Sweep implements model.StateStore.
func (l *Store) Sweep(ctx context.Context, project string) error {
	ctx, cancel := engine.Asking(ctx)
	defer cancel()
	rows, err := l.engine.ContainerList(ctx, container.ListOptions{All: true, Filters: filters.NewArgs(filters.Arg("label", engine.SweepLabel+"="+project))})
	if err != nil {
		return l.engine.Unreachable(fmt.Errorf("list what an earlier run left: %w", err))
	}
	for _, row := range rows {
		if !engine.IsOwn(row.Labels) { // of a service whose file or image has the label
			continue
		}
		created := time.Unix(row.Created, 0).Add(l.engine.Skew)
		forwards := row.Labels[engine.OwnLabel] == engine.PreviewRole && row.State == container.StateRunning
		if forwards || row.Labels[engine.LooksLabel] != "" && time.Since(created) < lookLimit {
			continue
		}
		if err := engine.RemoveContainer(ctx, l.engine, row.ID); err != nil {
			return l.engine.Unreachable(fmt.Errorf("remove %v, left by an earlier run: %w", row.Names, err))
		}
	}
	return nil
}
