package watching

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"bluegate/cmd/bluegate/config"
	"bluegate/compose"
	"bluegate/deploy/model"
	"bluegate/watch/history"
)

// HistoryPath is the file of the history: the configured one, or one for the project below $XDG_STATE_HOME.
func HistoryPath(o config.Options, project string, getenv func(string) string) (string, error) {
	if path := o.Watch.History; path != "" {
		if !filepath.IsAbs(path) {
			path = filepath.Join(o.Compose.Dir, path)
		}
		return path, nil
	}
	dir := getenv("XDG_STATE_HOME")
	if !filepath.IsAbs(dir) { // the specification of these folders says that others are ignored
		home, err := os.UserHomeDir()
		if err != nil {
			return "", &model.InvalidError{Err: errors.Join(errors.New("there is no place for the history: set watch.history, or XDG_STATE_HOME"), err)}
		}
		dir = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(dir, "bluegate", project+".db"), nil
}

// Project is the name of what is watched. It asks no engine.
func Project(ctx context.Context, o config.Options) (string, error) {
	if _, err := o.Compose.FilesFound(); err != nil && o.Watch.Alone {
		if o.Compose.Name != "" {
			return o.Compose.Name, nil
		}
		return filepath.Base(o.Compose.Dir), nil
	}
	o.Compose.OnlyWhatRuns = true
	return compose.ApplicationName(ctx, o.Host, o.Context, o.Compose, o.Docker...)
}

// OpenHistory opens the history next to a watch that may be running.
func (p Process) OpenHistory(ctx context.Context, o config.Options) (*history.History, error) {
	project, err := Project(ctx, o)
	if err != nil {
		return nil, err
	}
	path, err := HistoryPath(o, project, p.Getenv)
	if err != nil {
		return nil, err
	}
	past, err := history.Open(ctx, path, history.Options{Brief: true})
	if err != nil {
		return nil, &model.InvalidError{Err: err}
	}
	return past, nil
}
