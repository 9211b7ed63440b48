package gate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Code names a kind of refusal. The spellings are part of the report and do not change.
type Code string

// The codes that a gate gives.
const (
	CodeUnhealthy     Code = "unhealthy"
	CodeNoHealthcheck Code = "no-healthcheck"
	CodeExited        Code = "exited"
	CodeOOMKilled     Code = "oom-killed"
	CodeRestarting    Code = "restarting"
	CodeFlapping      Code = "flapping"
	CodePaused        Code = "paused"
	CodeVanished      Code = "vanished"
	CodeMissing       Code = "missing"
	CodeTimeout       Code = "timeout"
)

// Reason is one cause of a refusal with its evidence.
type Reason struct {
	Code    Code
	Service string
	// Container and ID are empty when the cause is the service itself, or a container that was never created.
	Container, ID string
	// Message says what failed, on which thing and why. It is printable whatever the container wrote; only the snippet of
	// a no-healthcheck takes more than one line.
	Message string
	// LastProbe is the newest probe, or for a container that lost its health the one that took it; nil if none is known.
	LastProbe *ProbeResult
	// ExitCode is nil while the container runs.
	ExitCode  *int
	OOMKilled bool
}

// telling orders codes by how much they explain. What the kernel or the process itself said comes first; what someone
// else did to the container follows; last come those that only say that something did not happen.
var telling = []Code{
	CodeOOMKilled, CodeExited, CodeRestarting, CodeUnhealthy, CodeFlapping,
	CodePaused, CodeVanished, CodeNoHealthcheck, CodeTimeout, CodeMissing,
}

// cause is a reason with what sorts it.
type cause struct {
	*Reason
	at      time.Time
	waiting bool // never started: mostly the consequence of another cause
}

func (c cause) rank() int {
	if c.waiting {
		return len(telling)
	}
	return slices.Index(telling, c.Code)
}

// sortReasons puts the most telling cause first. Of two that tell as much, the earlier one comes first, since it may have
// brought about the other; what is still equal keeps the order of Expected.
func sortReasons(causes []cause) []Reason {
	slices.SortStableFunc(causes, func(a, b cause) int {
		return cmp.Or(cmp.Compare(a.rank(), b.rank()), a.at.Compare(b.at))
	})
	reasons := make([]Reason, len(causes))
	for i, c := range causes {
		reasons[i] = *c.Reason
	}
	return reasons
}

// reason makes a Reason of the newest sample. The message is "container … " and what the parts say, and at its end what
// the engine itself called an error.
func (t *track) reason(code Code, parts ...string) *Reason {
	s := &t.newest
	message := fmt.Sprintf("container %q %s", t.name, strings.Join(parts, ""))
	if why := cmp.Or(s.Error, s.Waits); why != "" {
		message += ": " + printable(why)
	}
	r := &Reason{
		Code:      code,
		Service:   t.expected.Service,
		Container: t.name,
		ID:        t.id,
		Message:   message,
		LastProbe: s.LastProbe,
		OOMKilled: s.OOMKilled,
	}
	if s.ended() {
		code := s.ExitCode // not of the record, which continues to change
		r.ExitCode = &code
	}
	return r
}
