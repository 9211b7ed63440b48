package compose

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"

	"bluegate/deploy"
)

// A journal is written twice, in this order: a writer that dies in the middle leaves one of them whole, the old one in
// the second place or the new one in the first.
const (
	journalDraft = "journal.new.json"
	journalFile  = "journal.json"
)

// sealed is the journal as it is stored: what was cut off or altered on its way does not match its sum.
type sealed struct {
	Sum     string          `json:"sha256"`
	Journal json.RawMessage `json:"journal"`
}

func (l *Ledger) journalVessel(project string) vessel {
	return vessel{engine: l.engine, name: "bluegate-journal-" + project}
}

// Read implements deploy.Ledger.
func (l *Ledger) Read(ctx context.Context, project string) (deploy.Journal, error) {
	v := l.journalVessel(project)
	j, err := v.journal(ctx, journalFile)
	var damage *damageError
	switch {
	case errors.As(err, &damage):
		draft, draftErr := v.journal(ctx, journalDraft)
		if draftErr == nil {
			l.order = [2]string{journalFile, journalDraft} // the good one goes last
			return draft, nil
		}
		return j, &deploy.PersonError{
			Err: fmt.Errorf("the journal of %s (container %s) cannot be used: %w", project, v.name, err),
			Run: fmt.Sprintf("look at it with `docker cp %s:/%s -`; when you know which colour is live, remove it with `docker rm %s`", v.name, journalFile, v.name),
		}
	case errdefs.IsNotFound(err):
		return deploy.Journal{Version: deploy.JournalVersion}, nil
	case err != nil:
		return j, l.engine.unreachable(fmt.Errorf("read the journal of %s: %w", project, err))
	}
	return j, nil
}

// damageError says that a journal is there and cannot be used.
type damageError struct{ error }

func (v vessel) journal(ctx context.Context, file string) (deploy.Journal, error) {
	text, err := v.get(ctx, file)
	if err != nil {
		return deploy.Journal{}, err
	}
	j, err := unseal(text)
	if err != nil {
		return j, &damageError{err}
	}
	return j, nil
}

func seal(j deploy.Journal) ([]byte, error) {
	body, err := json.Marshal(j)
	if err != nil {
		return nil, err
	}
	return json.Marshal(sealed{Sum: sum(body), Journal: body})
}

func unseal(text []byte) (deploy.Journal, error) {
	var s sealed
	if err := json.Unmarshal(text, &s); err != nil {
		return deploy.Journal{}, fmt.Errorf("it is corrupt: %w", err)
	}
	if s.Sum != sum(s.Journal) {
		return deploy.Journal{}, errors.New("it is corrupt: its checksum does not match")
	}
	var j deploy.Journal
	if err := json.Unmarshal(s.Journal, &j); err != nil {
		return j, fmt.Errorf("it is corrupt: %w", err)
	}
	if j.Version != deploy.JournalVersion {
		return j, fmt.Errorf("it has version %d, and this bluegate writes version %d", j.Version, deploy.JournalVersion)
	}
	return j, nil
}

// Write implements deploy.Ledger.
func (l *Ledger) Write(ctx context.Context, project string, j deploy.Journal) error {
	text, err := seal(j)
	if err != nil {
		return err
	}
	v := l.journalVessel(project)
	err = v.put(ctx, text, l.order[:]...)
	if errdefs.IsNotFound(err) {
		if _, err = v.create(ctx, map[string]string{}); err == nil || errdefs.IsConflict(err) {
			err = v.put(ctx, text, l.order[:]...)
		}
	}
	if err != nil {
		return l.engine.unreachable(fmt.Errorf("write the journal of %s: %w", project, err))
	}
	l.order = [2]string{journalDraft, journalFile}
	return nil
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

// Sweep implements deploy.Ledger.
func (l *Ledger) Sweep(ctx context.Context, project string) error {
	ctx, cancel := asking(ctx)
	defer cancel()
	rows, err := l.engine.ContainerList(ctx, container.ListOptions{All: true, Filters: filters.NewArgs(filters.Arg("label", sweepLabel+"="+project))})
	if err != nil {
		return l.engine.unreachable(fmt.Errorf("look for what an earlier run left: %w", err))
	}
	for _, row := range rows {
		if err := removeContainer(ctx, l.engine, row.ID); err != nil {
			return l.engine.unreachable(fmt.Errorf("remove %v, left by an earlier run: %w", row.Names, err))
		}
	}
	return nil
}
