package state

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/containerd/errdefs"

	"bluegate/compose/engine"
	"bluegate/deploy/model"
)

// The history is in the container of the journal, in two files that are written one after the other. A writer that dies
// in between leaves one complete history.
var historyFiles = [2]string{"history.json", "history.old.json"}

// storedHistory is the stored form of the history. If it was cut off or altered, its checksum does not match.
type storedHistory struct {
	Sum     string          `json:"sha256"`
	Records json.RawMessage `json:"records"`
}

// History implements model.HistoryStore.
func (l *Store) History(ctx context.Context, project string) ([]model.HistoryRecord, error) {
	records, _, err := l.history(ctx, project)
	return records, err
}

// history also says which file is complete, so that this one is replaced last.
func (l *Store) history(ctx context.Context, project string) (records []model.HistoryRecord, complete string, err error) {
	v := l.journalVessel(project)
	for _, file := range historyFiles {
		var text []byte
		if text, err = v.Get(ctx, file); errdefs.IsNotFound(err) { // as after the first write was cut off
			err = nil
			continue
		}
		if err != nil {
			return nil, "", l.engine.Unreachable(fmt.Errorf("read the history of %s: %w", project, err))
		}
		if records, err = openHistory(text); err == nil {
			return records, file, nil
		}
	}
	if err != nil {
		err = fmt.Errorf("the history of %s (container %s) cannot be read, and the next deployment begins a new one: %w", project, v.Name, err)
	}
	return nil, "", err
}

// sealHistory returns the content of a file. It leaves out the oldest records where there are too many.
func sealHistory(records []model.HistoryRecord) ([]byte, error) {
	body, err := json.Marshal(records[:min(len(records), model.HistoryLength)])
	if err != nil {
		return nil, err
	}
	return json.Marshal(storedHistory{Sum: sum(body), Records: body})
}

// openHistory returns the records of a file.
func openHistory(text []byte) (records []model.HistoryRecord, err error) {
	var s storedHistory
	if err := json.Unmarshal(text, &s); err != nil {
		return nil, err
	}
	if s.Sum != sum(s.Records) {
		return nil, errors.New("its checksum does not match")
	}
	return records, json.Unmarshal(s.Records, &records)
}

// Remember implements model.HistoryStore.
func (l *Store) Remember(ctx context.Context, project string, rec model.HistoryRecord) error {
	records, complete, err := l.history(ctx, project)
	if model.Is[*model.UnreachableError](err) || ctx.Err() != nil {
		return err
	}
	text, err := sealHistory(append([]model.HistoryRecord{rec}, records...))
	if err != nil {
		return err
	}
	order := []string{historyFiles[0], historyFiles[1]}
	if complete == historyFiles[0] {
		order = []string{historyFiles[1], historyFiles[0]}
	}
	v := l.journalVessel(project)
	err = v.Put(ctx, text, order...)
	if errdefs.IsNotFound(err) { // nothing was ever deployed
		if err = v.CreateRunning(ctx); err == nil || errdefs.IsConflict(err) {
			err = v.Put(ctx, text, order...)
		}
	}
	if err != nil {
		return l.engine.Unreachable(fmt.Errorf("write the history of %s: %w", project, err))
	}
	return nil
}

// copyHistory takes the history into the container that replaces the one of an older version.
func copyHistory(ctx context.Context, from, to engine.StateContainer) error {
	for _, file := range historyFiles {
		text, err := from.Get(ctx, file)
		if errdefs.IsNotFound(err) {
			continue
		}
		if err == nil {
			err = to.Put(ctx, text, file)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
