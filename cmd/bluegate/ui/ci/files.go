package ci

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"bluegate/cmd/bluegate/ui"
	"bluegate/deploy/model"
	"bluegate/deploy/report"
)

// ReportFile is a file into which the report is written in addition to stdout.
type ReportFile struct{ Kind, Path string }

// kinds are the forms of a report in a file.
var kinds = map[string]func(*report.Report) (string, error){
	"json": func(r *report.Report) (string, error) {
		var b bytes.Buffer
		err := ui.Write(&b, "json", r, "")
		return b.String(), err
	},
	"markdown": func(r *report.Report) (string, error) { return markdown(r), nil },
	"junit":    func(r *report.Report) (string, error) { return junit(r), nil },
}

// ReportFiles reads KIND=FILE. A file that could not be written is an error before anything starts.
func ReportFiles(entries []string) (files []ReportFile, err error) {
	for _, entry := range entries {
		kind, path, ok := strings.Cut(entry, "=")
		if _, known := kinds[kind]; !ok || !known || path == "" {
			return nil, model.Invalid("invalid --report %q: write KIND=FILE, where KIND is json, junit or markdown", entry)
		}
		if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
			return nil, model.Invalid("--report %s: there is no directory %s", entry, filepath.Dir(path))
		}
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			return nil, model.Invalid("--report %s: %s is a directory", entry, path)
		}
		files = append(files, ReportFile{kind, path})
	}
	return files, nil
}

// WithJSON returns the files, and the one with the report as JSON. In a job of GitHub Actions there is always one.
func WithJSON(files []ReportFile, getenv func(string) string) (all []ReportFile, path string) {
	for _, f := range files {
		if f.Kind == "json" {
			path, err := filepath.Abs(f.Path)
			if err != nil {
				return files, f.Path
			}
			return files, path
		}
	}
	dir := getenv("RUNNER_TEMP")
	if dir == "" || getenv("GITHUB_OUTPUT") == "" {
		return files, ""
	}
	path = filepath.Join(dir, fmt.Sprintf("bluegate-report-%d.json", os.Getpid()))
	return append(slices.Clip(files), ReportFile{"json", path}), path
}

// WriteReports writes the report into files. Each is replaced whole; one that fails does not keep the others from being
// written.
func WriteReports(r *report.Report, files []ReportFile) error {
	var errs []error
	for _, f := range files {
		text, err := kinds[f.Kind](r)
		if err == nil {
			err = replaceFile(f.Path, text)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("write the report %s=%s: %w", f.Kind, f.Path, err))
		}
	}
	return errors.Join(errs...)
}

// replaceFile writes a file so that a reader sees the old content or the new one. What is not a regular file, such as
// /dev/stdout, is written to.
func replaceFile(path, text string) error {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return os.WriteFile(path, []byte(text), 0o644)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".bluegate-report-")
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	err = errors.Join(err, f.Chmod(0o644), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}
