package ci

import (
	"cmp"
	"fmt"
	"html"
	"regexp"
	"strings"

	"bluegate/deploy/model"
	"bluegate/deploy/report"
)

// markdown returns the report as a page for people who look at a CI job: the answer first, then the evidence of what went
// wrong, and the rest folded.
func markdown(r *report.Report) string {
	var b strings.Builder
	fmt.Fprintf(&b, "### %s %s\n\n", mark(r), escapeMarkdown(verdict(r)))
	if len(r.Reasons) == 0 && r.Message != "" && r.ExitCode != 0 {
		fmt.Fprintf(&b, "%s\n\n", escapeMarkdown(r.Message))
	}
	for _, reason := range r.Reasons {
		writeMarkdownReason(&b, reason)
	}
	if live := live(r); live != "" {
		fmt.Fprintf(&b, "Live: %s\n\n", escapeMarkdown(live))
	}
	if r.Run != "" {
		fmt.Fprintf(&b, "Run: <code>%s</code>\n\n", escapeMarkdown(r.Run))
	}
	for i, image := range r.Images {
		fmt.Fprintf(&b, "- %s\n", escapeMarkdown(image.String()))
		if i == len(r.Images)-1 {
			b.WriteString("\n")
		}
	}
	for _, f := range r.Findings {
		if f.Cost != "" || f.Remedy != "" { // the rest is in the report
			fmt.Fprintf(&b, "- %s %s\n\n", escapeMarkdown(f.Code+":"), escapeMarkdown(f.Message+before(": ", f.Cost)))
		}
	}
	writeFolded(&b, r)
	return b.String()
}

// mark is a sign for the outcome that is seen from afar.
func mark(r *report.Report) string {
	switch {
	case r.Outcome == model.Waiting:
		return "⏳"
	case r.ExitCode == 0 && r.Outcome != model.Planned:
		return "✅"
	case r.Outcome == model.Planned:
		return "📋"
	case r.Outcome == model.RolledBack:
		return "↩️"
	case r.Outcome == model.Interrupted, r.Outcome == model.Locked:
		return "⚠️"
	}
	return "❌"
}

// verdict says in one line which version is live where, and what became of the other one.
func verdict(r *report.Report) string {
	project, release, live := cmp.Or(r.Project, "bluegate"), cmp.Or(imageWords(r.ReleaseImages), "the release"), liveWords(r)
	switch {
	case r.Outcome == model.Promoted, r.Outcome == model.Started && r.Live != model.None:
		was := ""
		if previous := imageWords(r.PreviousImages); previous != "" && r.From != model.None {
			was = fmt.Sprintf(", was %s (%s)", previous, r.From)
		}
		return fmt.Sprintf("%s: %s is live on %s%s", project, release, r.Live, was)
	case r.Outcome == model.Planned:
		return fmt.Sprintf("%s: %s would become live on %s; now %s", project, release, r.To, cmp.Or(live, "nothing is live"))
	case r.Outcome == model.Waiting:
		return fmt.Sprintf("%s: %s waits to be promoted on %s%s", project, release, r.To, before(", ", after(live, " is live")))
	case r.Outcome == model.Refused && r.Command != "doctor" && r.To != model.None:
		return fmt.Sprintf("%s: %s refused%s", project, release, before(", ", after(live, " still serves")))
	case r.Outcome == model.RolledBack:
		return fmt.Sprintf("%s: %s rolled back%s", project, release, before(", ", after(live, " serves again")))
	}
	return fmt.Sprintf("%s: %s: %s%s", project, r.Command, r.Outcome, before(", ", after(live, " is live")))
}

// liveWords names what is live; empty if that is not known.
func liveWords(r *report.Report) string {
	images := r.ReleaseImages
	if r.Live != r.To {
		images = r.PreviousImages
	}
	switch words := imageWords(images); {
	case r.Live == model.None:
		return ""
	case words == "":
		return string(r.Live)
	default:
		return fmt.Sprintf("%s (%s)", words, r.Live)
	}
}

// imageWords names images shortly: without their registries, and at most three.
func imageWords(images []string) string {
	var names []string
	for i, ref := range images {
		if i == 3 {
			names = append(names, fmt.Sprintf("and %d more", len(images)-i))
			break
		}
		names = append(names, ref[strings.LastIndex(ref, "/")+1:])
	}
	return strings.Join(names, ", ")
}

func writeMarkdownReason(b *strings.Builder, r model.Reason) {
	who := cmp.Or(r.Service, r.Container)
	fmt.Fprintf(b, "**%s** %s\n\n", escapeMarkdown(strings.TrimSpace(who+" "+string(r.Code))), escapeMarkdown(r.Message))
	if probe := strings.TrimSpace(r.LastProbe); probe != "" && !strings.Contains(r.Message, probe) {
		fmt.Fprintf(b, "Last probe: <code>%s</code>\n\n", escapeMarkdown(probe))
	}
	if len(r.LogTail) > 0 {
		fold(b, "last log lines"+before(" of ", cmp.Or(r.Container, r.Service)), "<pre>\n"+html.EscapeString(strings.Join(r.LogTail, "\n"))+"\n</pre>")
	}
}

// writeFolded writes what only some want to see.
func writeFolded(b *strings.Builder, r *report.Report) {
	if diff := cmp.Or(r.NginxDiff, planned(r)); diff != "" {
		fence := "```"
		for strings.Contains(diff, fence) {
			fence += "`"
		}
		fold(b, "nginx's configuration", fence+"diff\n"+strings.TrimRight(diff, "\n")+"\n"+fence)
	}
	if len(r.Steps) > 0 {
		var table strings.Builder
		table.WriteString("| step | status | time |\n|---|---|---|\n")
		var total int64
		for _, s := range r.Steps {
			total += s.MS
			fmt.Fprintf(&table, "| %s | %s | %s |\n", s.Name, s.Status, duration(s.MS))
		}
		fold(b, "steps, "+duration(cmp.Or(r.DurationMS, total)), strings.TrimRight(table.String(), "\n"))
	}
	if len(r.Containers) > 0 {
		var table strings.Builder
		table.WriteString("| colour | container | state | health | image |\n|---|---|---|---|---|")
		for _, c := range r.Containers {
			fmt.Fprintf(&table, "\n| %s | %s | %s | %s | %s |", c.Colour, escapeMarkdown(c.Name), c.State, c.Health, escapeMarkdown(c.Image))
		}
		fold(b, "containers", table.String())
	}
}

// planned is the diff of a dry run.
func planned(r *report.Report) string {
	if r.Plan == nil {
		return ""
	}
	return r.Plan.Diff
}

// fold writes a part of the page that is closed at first.
func fold(b *strings.Builder, title, content string) {
	fmt.Fprintf(b, "<details><summary>%s</summary>\n\n%s\n\n</details>\n\n", html.EscapeString(title), content)
}

// autolink matches what becomes a link without markup, up to its first part: an address, and the mention of a person.
var autolink = regexp.MustCompile(`(?i)(:)//|\b(www)\.|(?:^|[^\w.])(@)\w`)

// unlinked puts a character without width into what would become a link.
func unlinked(text string) string {
	var b strings.Builder
	last := 0
	for _, m := range autolink.FindAllStringSubmatchIndex(text, -1) {
		end := max(m[3], m[5], m[7]) // of the one group that is there
		b.WriteString(text[last:end] + "\u2060")
		last = end
	}
	return b.String() + text[last:]
}

// escapeMarkdown keeps text that containers or files contain from becoming markup or a link. It uses entities, because
// a backslash does not escape inside a table.
func escapeMarkdown(text string) string {
	var b strings.Builder
	for _, r := range unlinked(text) {
		switch {
		case r == '\n':
			b.WriteString("<br>")
		case strings.ContainsRune("\\`*_[]<>|~&$#!", r):
			fmt.Fprintf(&b, "&#%d;", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
