package report

import (
	"fmt"

	"bluegate/deploy/model"
)

// Hook is what came of a hook.
type Hook struct {
	Hook     model.Moment `json:"hook"`
	Command  string       `json:"run"`
	Status   string       `json:"status"` // ok, failed
	ExitCode int          `json:"exit_code"`
	MS       int64        `json:"ms"`
	Message  string       `json:"message,omitempty"`
	Output   []string     `json:"output"` // its end
}

func (h Hook) Failure() string {
	return fmt.Sprintf("%s hook %q: %s", h.Hook, h.Command, h.Message)
}
