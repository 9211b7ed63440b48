package ci

import (
	"fmt"
	"io"
	"time"
)

// A Section folds the lines of a command in the log of a CI job. The zero value folds nothing.
type Section struct {
	out  io.Writer
	end  string
	open bool
}

// NewSection begins a section if this process runs in a job of GitHub Actions or GitLab CI, whose logs have sections.
func NewSection(out io.Writer, title string, getenv func(string) string, now time.Time) *Section {
	s := &Section{out: out}
	switch {
	case getenv("GITHUB_ACTIONS") == "true":
		s.open, s.end = true, "::endgroup::\n"
		_, _ = fmt.Fprintf(out, "::group::%s\n", title)
	case getenv("GITLAB_CI") == "true":
		name := fmt.Sprintf("bluegate_%d", now.UnixNano())
		s.open, s.end = true, "\x1b[0Ksection_end:%d:"+name+"\r\x1b[0K\n"
		_, _ = fmt.Fprintf(out, "\x1b[0Ksection_start:%d:%s\r\x1b[0K%s\n", now.Unix(), name, title)
	}
	return s
}

// Close ends the section. What follows is seen without unfolding.
func (s *Section) Close(now time.Time) {
	if s == nil || !s.open {
		return
	}
	s.open = false
	if s.end == "::endgroup::\n" {
		_, _ = io.WriteString(s.out, s.end)
		return
	}
	_, _ = fmt.Fprintf(s.out, s.end, now.Unix())
}
