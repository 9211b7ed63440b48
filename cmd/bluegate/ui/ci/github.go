package ci

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"bluegate/deploy/model"
	"bluegate/deploy/report"
)

// WriteGitHub writes the outcome to the outputs of a step of GitHub Actions, and the report to its summary page. file is
// where the report was written as JSON; empty: nowhere.
func WriteGitHub(r *report.Report, file string, getenv func(string) string) error {
	if path := getenv("GITHUB_OUTPUT"); path != "" {
		if err := appendTo(path, outputs(r, file)); err != nil {
			return fmt.Errorf("write GITHUB_OUTPUT: %w", err)
		}
	}
	if path := getenv("GITHUB_STEP_SUMMARY"); path != "" {
		if err := appendTo(path, shortened(markdown(r), summaryLimit)); err != nil {
			return fmt.Errorf("write GITHUB_STEP_SUMMARY: %w", err)
		}
	}
	return nil
}

// summaryLimit is how much of a step's summary is written. GitHub shows nothing of one over 1 MiB
// (docs.github.com, "Workflow commands", step isolation and limits); others may have written to it too.
const summaryLimit = 900 << 10

// shortened is a page with its beginning only where it is longer than limit bytes, and says so above.
func shortened(page string, limit int) string {
	if len(page) <= limit {
		return page
	}
	page = page[:limit]
	return "This summary is not whole: it would be too long for GitHub. The report has the rest.\n\n" + page[:strings.LastIndexByte(page, '\n')+1]
}

// outputs are the outputs of a step, one a line. A value cannot begin another output: line breaks are taken out.
func outputs(r *report.Report, file string) string {
	var b strings.Builder
	for _, o := range [][2]string{
		{"outcome", string(r.Outcome)}, {"live", string(r.Live)}, {"release", r.Release},
		{"image", strings.Join(r.ReleaseImages, ",")}, {"previous", strings.Join(r.PreviousImages, ",")},
		{"duration", strconv.FormatFloat(float64(r.DurationMS)/1000, 'f', 1, 64)}, {"report", file},
	} {
		fmt.Fprintf(&b, "%s=%s\n", o[0], strings.NewReplacer("\n", " ", "\r", " ").Replace(o[1]))
	}
	return b.String()
}

// GitHubAnnotation says the outcome as a workflow command: the page of the job shows it. It is empty for a command that
// only looks and found nothing wrong.
func GitHubAnnotation(r *report.Report) string {
	level := "error"
	switch {
	case r.Outcome == model.Planned, r.Outcome == model.OK, r.Outcome == model.Settled:
		return ""
	case r.ExitCode == 0:
		level = "notice"
	case r.Outcome == model.Interrupted, r.Outcome == model.Locked:
		level = "warning"
	}
	var text []string
	for _, reason := range r.Reasons {
		text = append(text, reason.String())
	}
	if len(text) == 0 && r.Message != "" {
		text = append(text, r.Message)
	}
	if len(text) == 0 {
		text = append(text, fmt.Sprintf("release %s, in %s", r.Release, duration(r.DurationMS)))
	}
	return fmt.Sprintf("::%s title=%s::%s\n", level, gitHubProperty(verdict(r)), gitHubText(strings.Join(text, "\n")))
}

// gitHubText escapes the text of a workflow command.
func gitHubText(text string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(text)
}

// gitHubProperty escapes the value of a property of a workflow command.
func gitHubProperty(text string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(gitHubText(text))
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
