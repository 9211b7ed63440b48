package ui

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"bluegate/cmd/bluegate/adopt"
	"bluegate/cmd/bluegate/ui/style"
	"bluegate/deploy/model"
	"bluegate/deploy/report"
)

// InitResult is the result of `bluegate init`.
type InitResult struct {
	Command   string        `json:"command"`
	Outcome   model.Outcome `json:"outcome"`
	ExitCode  int           `json:"exit_code"`
	Directory string        `json:"directory"`
	File      string        `json:"file"`
	Content   string        `json:"content"` // of the proposed file; empty if none is needed
	Written   bool          `json:"written"`
	Diff      string        `json:"diff,omitempty"` // from the existing file to the proposed one
	// Services are those of Compose files without colours, and Doubled those that are to exist for each colour.
	Services []string `json:"services,omitempty"`
	Doubled  []string `json:"doubled,omitempty"`
	Edits    []Edit   `json:"edits,omitempty"`  // of the user's own files
	Edited   bool     `json:"edited"`           // whether they were made
	Backup   string   `json:"backup,omitempty"` // where the files are as they were
	// Steps are the commands of the first switch-over.
	Steps    []adopt.Step    `json:"steps,omitempty"`
	Notes    []string        `json:"notes,omitempty"`
	Blockers []adopt.Blocker `json:"blockers,omitempty"`
	// Tried are the proposals with which a deployment would not begin, and why not.
	Tried []Trial `json:"tried,omitempty"`
	// Nearest is the file with which a deployment came furthest before it was refused.
	Nearest string              `json:"nearest,omitempty"`
	Found   []adopt.Observation `json:"found"`
	// Doctor is the report of `bluegate doctor` with this file.
	Doctor *report.Report `json:"doctor,omitempty"`

	Exists bool                `json:"-"` // whether bluegate.yml existed already
	Points []model.SwitchPoint `json:"-"`
}

// Trial is a proposal that was tried against what runs.
type Trial struct {
	Content string        `json:"content"`
	Outcome model.Outcome `json:"outcome"`
	Message string        `json:"message"`
}

// Edit is a change of one of the user's own files.
type Edit struct {
	File   string `json:"file"` // as people name it, from the project directory
	Diff   string `json:"diff"`
	Path   string `json:"-"`
	Before []byte `json:"-"`
	After  []byte `json:"-"`
}

// NewEdit is the change of a file.
func NewEdit(dir, path string, before, after []byte) Edit {
	name := Below(dir, path)
	return Edit{File: name, Path: path, Before: before, After: after, Diff: diff(name, string(before), string(after))}
}

// Below is a path as people name it: from the project directory, if it is in it.
func Below(dir, path string) string {
	below, err := filepath.Rel(dir, path)
	if err != nil || strings.HasPrefix(below, "..") {
		return path
	}
	return below
}

// InitText says what was done, what was found, what blocks a deployment, and what to do next.
func InitText(a InitResult) string {
	var b strings.Builder
	switch {
	case a.Outcome != model.OK:
		writeInTheWay(&b, a)
	case len(a.Edits) > 0:
		writeDoubling(&b, a)
	case a.Exists && a.Diff != "" && a.Edited:
		fmt.Fprintf(&b, "ok: completed %s (as it was: %s)\n%s", a.File, a.Backup, indented(a.Diff))
	case a.Exists && a.Diff != "":
		fmt.Fprintf(&b, "ok: a deployment would begin with these lines in %s (bluegate init --write adds them)\n%s", a.File, indented(a.Diff))
	case a.Exists:
		fmt.Fprintf(&b, "ok: %s exists, and a deployment would begin with it; it was not changed\n", a.File)
	case a.Content == "":
		b.WriteString("ok: no bluegate.yml is needed\n")
	case a.Written:
		fmt.Fprintf(&b, "ok: wrote %s\n%s", a.File, indented(a.Content))
	default:
		fmt.Fprintf(&b, "ok: %s would be\n%s", a.File, indented(a.Content))
	}
	if a.Doctor != nil && a.Outcome == model.OK {
		writeTried(&b, a)
	}
	return b.String()
}

func indented(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n  ") + "\n"
}

// writeTried says what the trial found, and what a switch could cost.
func writeTried(b *strings.Builder, a InitResult) {
	r := a.Doctor
	if r.Live != model.None {
		fmt.Fprintf(b, "tried: %s is live (%s), and a deployment would begin\n", r.Live, r.LiveBy)
	} else {
		b.WriteString("tried: nothing of the application runs yet, and a first deployment would begin\n")
	}
	if len(a.Found) > 0 {
		b.WriteString("found:\n")
	}
	for _, seen := range a.Found {
		fmt.Fprintf(b, "  %s: %s\n", seen.Place, seen.What)
	}
	for _, f := range r.Findings {
		writeRemedy(b, f)
	}
	b.WriteString("next: bluegate deploy --dry-run, and then bluegate deploy\n")
}

// writeDoubling shows the edits for services without colours, and the first switch-over.
func writeDoubling(b *strings.Builder, a InitResult) {
	var behind, others []string
	for _, service := range a.Services {
		at := ""
		for _, p := range a.Points {
			if p.Endpoint.Service == service {
				at = p.Address
			}
		}
		if at == "" {
			others = append(others, service)
			continue
		}
		behind = append(behind, fmt.Sprintf("%s (nginx sends traffic to %s)", service, at))
	}
	fmt.Fprintf(b, "One set of services, no colours yet: %s.\n", strings.Join(slices.Concat(behind, others), ", "))
	twice := strings.Join(a.Doubled, ", ")
	if a.Edited {
		fmt.Fprintf(b, "%s now exists for each colour. The files as they were are in %s.\n", twice, a.Backup)
	} else {
		fmt.Fprintf(b, "bluegate needs %s twice. I can write this (bluegate init --write):\n", twice)
	}
	for _, e := range a.Edits {
		b.WriteString(indented(e.Diff))
	}
	if a.Content != "" {
		b.WriteString("bluegate.yml:\n" + indented(a.Content))
	}
	for _, note := range a.Notes {
		fmt.Fprintf(b, "note: %s\n", note)
	}
	if a.Edited {
		b.WriteString("First switch-over, no lost request:\n")
	} else {
		b.WriteString("Then the first switch-over, no lost request:\n")
	}
	longest := 0
	for _, s := range a.Steps {
		longest = max(longest, len(s.Run))
	}
	for n, s := range a.Steps {
		fmt.Fprintf(b, "  %d. %-*s   (%s)\n", n+1, longest, s.Run, s.Note)
	}
	b.WriteString("From then on: bluegate deploy instead of docker compose up -d\n")
}

// writeInTheWay says for what a deployment would be refused: each cause once, and one block to paste.
func writeInTheWay(b *strings.Builder, a InitResult) {
	fmt.Fprintf(b, "%s: no bluegate.yml was written: with none of the proposals that were tried would a deployment begin\n", a.Outcome)
	if a.Exists {
		b.Reset()
		fmt.Fprintf(b, "%s: with %s a deployment would not begin, and nothing that could be added to it helps\n", a.Outcome, a.File)
	}
	b.WriteString("in the way:\n")
	var paste []string
	for _, why := range a.Blockers {
		of := ""
		if len(why.Of) > 1 {
			of = " (" + strings.Join(why.Of, ", ") + ")"
		}
		fmt.Fprintf(b, "  %s%s: %s\n", why.Code, of, style.Indent(why.Message, "    "))
		if why.Paste != "" && !slices.Contains(paste, why.Paste) {
			paste = append(paste, why.Paste)
		}
	}
	if len(paste) > 0 {
		b.WriteString("to paste:\n" + indented(strings.Join(paste, "\n")))
	}
	if a.Nearest != "" {
		b.WriteString("the proposal that came nearest:\n" + indented(a.Nearest))
	}
	b.WriteString("next: fix that, then run bluegate init again\n")
}
