package model

import (
	"context"
	"time"
)

// HookRunner runs a command of the user's on the machine of this process, never through a shell.
type HookRunner interface {
	// Run returns the end of what the command printed, and its exit code; the error says that it could not be run, or not
	// to its end. When ctx ends, whatever the command has started ends with it.
	Run(ctx context.Context, argv, env []string) (output []byte, code int, err error)
}

// Moment is when a hook is run.
type Moment string

// The moments, in their order. A hook that fails refuses the release at the first two; later it is a finding.
const (
	BeforeUp     Moment = "before_up"
	BeforeSwitch Moment = "before_switch"
	AfterSwitch  Moment = "after_switch"
	OnFailure    Moment = "on_failure"
	AfterAll     Moment = "after_all"
)

// Hooks are the commands of one colour, and how long each may take.
type Hooks struct {
	Commands map[Moment][][]string
	Timeout  time.Duration // 0: DefaultHookTimeout
}

// DefaultHookTimeout is long enough for a migration, and ends a command that waits for an answer.
const DefaultHookTimeout = 10 * time.Minute
