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

const journalFile = "journal.json"

// SweepLabel marks helper containers that may be removed when the run that made them is dead. Its value is the project.
const SweepLabel = "bluegate.sweep"

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
	text, err := v.get(ctx, journalFile)
	if errdefs.IsNotFound(err) {
		return deploy.Journal{Version: deploy.JournalVersion}, nil
	}
	if err != nil {
		return deploy.Journal{}, l.engine.unreachable(fmt.Errorf("read the journal of %s: %w", project, err))
	}
	j, err := unseal(text)
	if err != nil {
		return j, &deploy.PersonError{
			Err: fmt.Errorf("the journal of %s (container %s) cannot be used: %w", project, v.name, err),
			Run: fmt.Sprintf("look at it with `docker cp %s:/%s -`; when you know which colour is live, remove it with `docker rm %s`", v.name, journalFile, v.name),
		}
	}
	return j, nil
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
	body, err := json.Marshal(j)
	if err != nil {
		return err
	}
	text, err := json.Marshal(sealed{Sum: sum(body), Journal: body})
	if err != nil {
		return err
	}
	v := l.journalVessel(project)
	err = v.put(ctx, journalFile, text)
	if errdefs.IsNotFound(err) {
		if _, err = v.create(ctx, map[string]string{}); err == nil || errdefs.IsConflict(err) {
			err = v.put(ctx, journalFile, text)
		}
	}
	if err != nil {
		return l.engine.unreachable(fmt.Errorf("write the journal of %s: %w", project, err))
	}
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
	rows, err := l.engine.ContainerList(ctx, container.ListOptions{All: true, Filters: filters.NewArgs(filters.Arg("label", SweepLabel+"="+project))})
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
