package ui

import (
	"fmt"
	"os"

	"bluegate/deploy/report"
)

// WriteGitHub writes the outcome to the outputs of a step of GitHub Actions, and the report to its summary page.
func WriteGitHub(r *report.Report, getenv func(string) string) error {
	if path := getenv("GITHUB_OUTPUT"); path != "" {
		if err := appendTo(path, fmt.Sprintf("outcome=%s\nlive=%s\nrelease=%s\n", r.Outcome, r.Live, r.Release)); err != nil {
			return fmt.Errorf("write GITHUB_OUTPUT: %w", err)
		}
	}
	if path := getenv("GITHUB_STEP_SUMMARY"); path != "" {
		if err := appendTo(path, markdown(r)); err != nil {
			return fmt.Errorf("write GITHUB_STEP_SUMMARY: %w", err)
		}
	}
	return nil
}

func appendTo(path, text string) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	if _, err := f.WriteString(text); err != nil {
		_ = f.Close()
		return err
	}
	return f.Close()
}
