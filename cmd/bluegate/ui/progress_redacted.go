package ui

import (
	"fmt"

	"bluegate/deploy/model"
	"bluegate/deploy/redact"
)

// Redacted is a progress that hides secrets in its messages. The gate's verdicts contain only names and states.
type Redacted struct {
	model.Progress
	Redactor *redact.Redactor
}

func (m Redacted) Say(format string, args ...any) {
	m.Progress.Say("%s", m.Redactor.Text(fmt.Sprintf(format, args...)))
}
