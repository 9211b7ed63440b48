package progress

import (
	"fmt"
	"slices"

	"bluegate/deploy/gate"
	"bluegate/deploy/model"
	"bluegate/deploy/redact"
)

// Redacted is a progress that hides secrets in its messages, and in what a probe or a build says, and makes these harmless
// first: what is taken out of a text could keep a secret apart. The rest are names and states.
type Redacted struct {
	model.Progress
	Redactor *redact.Redactor
}

func (m Redacted) Say(format string, args ...any) {
	m.Progress.Say("%s", m.Redactor.Text(redact.Harmless(fmt.Sprintf(format, args...))))
}

func (m Redacted) Gate(v gate.Verdict) {
	v.Progress = slices.Clone(v.Progress) // the gate's own
	for i := range v.Progress {
		v.Progress[i].Probe = m.Redactor.Text(redact.Sanitize(v.Progress[i].Probe))
	}
	m.Progress.Gate(v)
}

func (m Redacted) Transfer(t model.Transfer) {
	t.Words = m.Redactor.Text(redact.Sanitize(t.Words))
	m.Progress.Transfer(t)
}
