package model

import (
	"errors"
	"fmt"
	"strings"
)

// Code names why a release was refused. The list is closed: the report's schema holds it.
type Code string

// The reasons of a refusal.
const (
	Unhealthy            Code = "unhealthy"
	NoHealthcheck        Code = "no-healthcheck"
	Exited               Code = "exited"
	OOMKilled            Code = "oom-killed"
	Restarting           Code = "restarting"
	Flapping             Code = "flapping"
	Paused               Code = "paused"
	Vanished             Code = "vanished"
	Missing              Code = "missing"
	Timeout              Code = "timeout"
	PullFailed           Code = "pull-failed"
	BuildFailed          Code = "build-failed"
	CreateFailed         Code = "create-failed"
	CheckFailed          Code = "check-failed"
	NotReachable         Code = "not-reachable"
	HookFailed           Code = "hook-failed"
	NginxTestFailed      Code = "nginx-test-failed"
	NginxNotSwitched     Code = "nginx-not-switched"
	ConfigNotLoaded      Code = "config-not-loaded"
	SwitchPointNotFound  Code = "switch-point-not-found"
	SwitchPointAmbiguous Code = "switch-point-ambiguous"
	CannotCoexist        Code = "cannot-coexist"
	StillDraining        Code = "still-draining"
	LiveUnknown          Code = "live-unknown"
	AddressLeftOver      Code = "address-left-over"
	WouldLoseData        Code = "would-lose-data"
	ForeignJournal       Code = "foreign-journal"
)

// Reason is one cause of a refusal with its evidence.
type Reason struct {
	Code      Code     `json:"code"`
	Service   string   `json:"service,omitempty"`
	Container string   `json:"container,omitempty"`
	Message   string   `json:"message"`
	LastProbe string   `json:"last_probe,omitempty"`
	ExitCode  *int     `json:"exit_code,omitempty"`
	OOMKilled bool     `json:"oom_killed,omitempty"`
	LogTail   []string `json:"log_tail,omitempty"`

	ContainerID string `json:"-"`
}

func (r Reason) String() string {
	text := string(r.Code)
	for _, part := range []string{r.Service, r.Container} {
		if part != "" && !strings.Contains(r.Message, part) {
			text += ": " + part
		}
	}
	return text + ": " + r.Message
}

// Finding is something that the user should know and that refuses nothing.
type Finding struct {
	Code    string `json:"code"` // local-image, pull-skipped, nginx-absent, not-persistent, ...
	Message string `json:"message"`
	Place   string `json:"place,omitempty"`  // file:line
	Cost    string `json:"cost,omitempty"`   // what it costs to leave it so
	Remedy  string `json:"remedy,omitempty"` // ready to paste
}

// RefusedError says that a release may not take traffic.
type RefusedError struct{ Reasons []Reason }

// Refuse makes a RefusedError of one reason.
func Refuse(code Code, format string, args ...any) error {
	return &RefusedError{Reasons: []Reason{{Code: code, Message: fmt.Sprintf(format, args...)}}}
}

func (e *RefusedError) Error() string {
	texts := make([]string, len(e.Reasons))
	for i, r := range e.Reasons {
		texts[i] = r.String()
	}
	return "refused: " + strings.Join(texts, "; ")
}

// InvalidError is a fault of what the user wrote. Nothing was touched.
type InvalidError struct {
	Reasons []Reason // filled where a code of the closed list says it
	Err     error
}

// Invalid makes an InvalidError.
func Invalid(format string, args ...any) error {
	return &InvalidError{Err: fmt.Errorf(format, args...)}
}

func (e *InvalidError) Error() string { return e.Err.Error() }
func (e *InvalidError) Unwrap() error { return e.Err }

// UnreachableError says that the engine or nginx could not be asked.
type UnreachableError struct {
	What string // "the engine at unix:///var/run/docker.sock", "nginx"
	Err  error
}

func (e *UnreachableError) Error() string {
	return fmt.Sprintf("%s cannot be asked: %v", e.What, e.Err)
}
func (e *UnreachableError) Unwrap() error { return e.Err }

// LockedError says who holds the lock.
type LockedError struct {
	Lock   string
	Holder Holder
}

func (e *LockedError) Error() string {
	return fmt.Sprintf("another deployment holds the lock %s: %s", e.Lock, e.Holder)
}

// ManualActionError says that what is live could not be brought to a clean state; nothing that may serve was stopped.
type ManualActionError struct {
	Err error
	Run string // the command to run, or what to look at
}

func (e *ManualActionError) Error() string { return e.Err.Error() }
func (e *ManualActionError) Unwrap() error { return e.Err }

// ReasonsOf collects the reasons that an error carries, through everything it wraps.
func ReasonsOf(err error) []Reason {
	var refused *RefusedError
	if errors.As(err, &refused) {
		return refused.Reasons
	}
	var invalid *InvalidError
	if errors.As(err, &invalid) {
		return invalid.Reasons
	}
	return nil
}

// NotOfferedError says that a registry was asked for an image and does not have it, or does not give it to us.
type NotOfferedError struct{ Err error }

func (e *NotOfferedError) Error() string { return "its registry does not serve it: " + e.Err.Error() }
func (e *NotOfferedError) Unwrap() error { return e.Err }

// Is says that an error is of a type, or wraps one that is.
func Is[E error](err error) bool {
	var e E
	return errors.As(err, &e)
}
