package ui

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"charm.land/lipgloss/v2"

	"bluegate/cmd/bluegate/ui/style"
	"bluegate/deploy/model"
)

// HistoryResult is the output of `bluegate history --format json`.
type HistoryResult struct {
	Command  string                `json:"command"`
	Outcome  model.Outcome         `json:"outcome"`
	ExitCode int                   `json:"exit_code"`
	Project  string                `json:"project"`
	Releases []model.HistoryRecord `json:"releases"` // newest first
}

// leftOut are the columns that a narrow window leaves out, in this order; `history show` has them.
var leftOut = []string{"BY", "TOOK", "WHAT", "COLOUR", "WHEN", "IMAGES"}

// HistoryText lists releases, one a line. total is how many the history has.
func HistoryText(l style.Look, project string, records []model.HistoryRecord, total int, now time.Time) string {
	if len(records) == 0 {
		return fmt.Sprintf("%s has no history: nothing was deployed with this version of bluegate on this engine\n", project)
	}
	rows := []row{{"RELEASE", "WHEN", "WHAT", "OUTCOME", "COLOUR", "IMAGES", "TOOK", "BY"}}
	for _, rec := range records {
		rows = append(rows, row{cmp.Or(rec.Release, "-"), ago(now.Sub(rec.Ended)), rec.Command, historyOutcome(rec), cmp.Or(string(rec.To), "-"),
			cmp.Or(strings.Join(imageNames(rec.Images), ", "), "-"), duration(rec.DurationMS), rec.By})
	}
	lines := aligned(rows)
	for _, column := range leftOut {
		if l.Width == 0 || lipgloss.Width(strings.Join(lines, "\n")) < l.Width {
			break
		}
		at := slices.Index(rows[0], column)
		for n := range rows {
			rows[n] = slices.Delete(rows[n], at, at+1)
		}
		lines = aligned(rows)
	}
	text := strings.Join(cut(lines, l), "\n") + "\n"
	if total > len(records) {
		text += fmt.Sprintf("%d older: --limit %d\n", total-len(records), total)
	}
	return text
}

// historyOutcome is the outcome with the codes of the reasons.
func historyOutcome(rec model.HistoryRecord) string {
	var codes []string
	for _, r := range rec.Reasons {
		if !slices.Contains(codes, string(r.Code)) {
			codes = append(codes, string(r.Code))
		}
	}
	return string(rec.Outcome) + style.Prefixed(": ", strings.Join(codes, ", "))
}

// imageNames are the names of images, each once.
func imageNames(images []model.HistoryImage) []string {
	var names []string
	for _, img := range images {
		if !slices.Contains(names, img.Image) {
			names = append(names, img.Image)
		}
	}
	return names
}

// ago is a time span in its largest unit.
func ago(d time.Duration) string {
	switch {
	case d < time.Minute:
		return "just now"
	case d < time.Hour:
		return fmt.Sprintf("%d min ago", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h ago", int(d.Hours()))
	}
	return fmt.Sprintf("%d days ago", int(d.Hours()/24))
}

// ReleaseText shows the records of one release, the newest first.
func ReleaseText(records []model.HistoryRecord) string {
	var b strings.Builder
	for i, rec := range records {
		if i > 0 {
			b.WriteString("\n")
		}
		writeRecord(&b, rec)
	}
	return b.String()
}

func writeRecord(b *strings.Builder, rec model.HistoryRecord) {
	fmt.Fprintf(b, "%s of release %s: %s (exit code %d)\n", rec.Command, cmp.Or(rec.Release, "(none)"), rec.Outcome, rec.ExitCode)
	fmt.Fprintf(b, "  from %s to %s; live afterwards: %s\n", cmp.Or(string(rec.From), "nothing"), cmp.Or(string(rec.To), "(not chosen)"), cmp.Or(string(rec.Live), "not known"))
	fmt.Fprintf(b, "  by %s, %s to %s (%s)\n", rec.By, rec.Began.UTC().Format(time.RFC3339), rec.Ended.UTC().Format(time.RFC3339), duration(rec.DurationMS))
	for _, img := range rec.Images {
		fmt.Fprintf(b, "  image: %s runs %s%s\n", img.Service, img.Image, digestSuffix(img.Digest))
	}
	for _, set := range rec.Set {
		fmt.Fprintf(b, "  set: %s\n", set)
	}
	for _, v := range rec.Verdicts {
		fmt.Fprintf(b, "  %s: %s: %s\n", v.During, v.Decision, v.Summary())
	}
	if rec.Message != "" && len(rec.Reasons) == 0 {
		fmt.Fprintf(b, "  %s\n", style.Indent(rec.Message, "    "))
	}
	for _, r := range rec.Reasons {
		fmt.Fprintf(b, "  %s\n", style.Indent(r.String(), "    "))
		if r.LastProbe != "" {
			fmt.Fprintf(b, "    last probe: %s\n", style.Indent(r.LastProbe, "      "))
		}
	}
}

func digestSuffix(digest string) string {
	if digest == "" {
		return ""
	}
	return " (" + digest + ")"
}
