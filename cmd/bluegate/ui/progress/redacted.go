package progress

import (
	"fmt"
	"slices"

	"bluegate/deploy/gate"
	"bluegate/deploy/model"
	"bluegate/deploy/redact"
)

// Redacted is a progress that hides secrets in its messages, and in what a probe or a build says. The rest are names and
// states.
type Redacted struct {
	model.Progress
	Redactor *redact.Redactor
}

func (m Redacted) Say(format string, args ...any) {
	m.Progress.Say("%s", m.Redactor.Text(fmt.Sprintf(format, args...)))
}

func (m Redacted) Gate(v gate.Verdict) {
	v.Progress = slices.Clone(v.Progress) // the gate's own
	for i := range v.Progress {
		v.Progress[i].Probe = redact.Sanitize(m.Redactor.Text(v.Progress[i].Probe))
	}
	m.Progress.Gate(v)
}

func (m Redacted) Transfer(t model.Transfer) {
	t.Words = m.Redactor.Text(t.Words)
	m.Progress.Transfer(t)
}
