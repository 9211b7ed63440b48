package ui

import (
	"fmt"
	"path/filepath"
	"strings"

	"bluegate/deploy/model"
)

// ProbeResult is the output of `bluegate healthcheck --format json`.
type ProbeResult struct {
	Command  string        `json:"command"`
	Outcome  model.Outcome `json:"outcome"`
	ExitCode int           `json:"exit_code"`
	Files    []string      `json:"files"`
}

// ProbeText says what was copied, and which lines of a Dockerfile use it.
func ProbeText(r ProbeResult) string {
	var b strings.Builder
	for _, file := range r.Files {
		fmt.Fprintf(&b, "copied: %s\n", file)
	}
	name := filepath.Base(r.Files[0])
	if len(r.Files) > 1 {
		name = name[:strings.LastIndexByte(name, '-')] + "-${TARGETARCH}"
		b.WriteString("ARG TARGETARCH\n")
	}
	fmt.Fprintf(&b, "COPY %s /healthcheck\n", name)
	b.WriteString("HEALTHCHECK --interval=2s --timeout=1s --start-period=20s CMD [\"/healthcheck\", \"http://127.0.0.1:3000/health\"]\n")
	return b.String()
}
