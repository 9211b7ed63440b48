package ui

import (
	"fmt"

	"bluegate/deploy/model"
	"bluegate/deploy/redact"
)

// Redacted is a progress whose sentences show no secret. What the gate says has names and states, no foreign text.
type Redacted struct {
	model.Progress
	Redactor *redact.Redactor
}

func (m Redacted) Say(format string, args ...any) {
	m.Progress.Say("%s", m.Redactor.Text(fmt.Sprintf(format, args...)))
}
