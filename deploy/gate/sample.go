package gate

import (
	"strings"
	"time"
)

// Sample is what the engine said of one container at one moment.
//
// There are two clocks in it. At is of the clock that also gives Verdict its now and New its deadline. The other times
// are the engine's own words and are only compared with one another, so a remote engine whose clock is wrong does not
// make the gate open early.
type Sample struct {
	// At orders the samples of a container.
	At time.Time

	ID, Name, Service string

	State  State
	Health Health
	// FailingStreak is the number of probes that failed in a row. Those that do not count, inside start_period, are not in
	// it.
	FailingStreak int
	// LastProbe is the newest entry of the engine's health log, nil before the first.
	LastProbe *ProbeResult
	// LastFailure is the End of the newest failing probe in the health log, zero if there is none. It tells of a failure
	// between two samples.
	LastFailure time.Time

	// StartedAt and FinishedAt are zero while they have not happened.
	StartedAt, FinishedAt time.Time

	ExitCode     int
	OOMKilled    bool
	RestartCount int
	// Error is why the engine could not start or stop the container.
	Error string
	// Waits is what a container that was not started yet waits for, where the engine says it. It is no error.
	Waits string
	// Instead are containers of which the engine ran none and in whose place this one is. They do not count any more.
	Instead []string
	// Pulls says that its image is being pulled to where it is to run. That time does not count against the deadline.
	Pulls bool
}

// ended says whether ExitCode is that of a process that has ended.
func (s *Sample) ended() bool {
	return s.State == StateExited || s.State == StateDead || s.State == StateRestarting
}

// ProbeResult is an entry of the engine's health log.
type ProbeResult struct {
	Start, End time.Time
	// ExitCode is 0 for a pass, and -1 for a probe that could not be run or did not end in time.
	ExitCode int
	// Output was written by the container and is not to be trusted. What a Reason carries of it is at most 4 KiB and
	// still raw; only in its Message is it neutralised.
	Output string
}

// State is a container's state, in the engine's spelling.
type State string

// The states that Docker knows.
const (
	StateCreated    State = "created"
	StateRunning    State = "running"
	StateRestarting State = "restarting"
	StatePaused     State = "paused"
	StateExited     State = "exited"
	StateDead       State = "dead"
	StateRemoving   State = "removing"
)

// Health is a container's health, in the engine's spelling except HealthNone, which the engine also calls "none".
//
// Health alone proves nothing. The engine says "unhealthy" of every container that stops, and after it was killed
// itself it says "healthy" of containers that no longer run.
type Health string

// The words that Docker has for health.
const (
	HealthNone      Health = ""
	HealthStarting  Health = "starting"
	HealthHealthy   Health = "healthy"
	HealthUnhealthy Health = "unhealthy"
)

// maxOutput is as much as Docker itself keeps of a probe's output. Other engines keep more, and a gate that lives for an
// hour must not.
const maxOutput = 4096

// bounded returns a copy of the result that holds at most maxOutput bytes of output and shares nothing with the caller.
func (p *ProbeResult) bounded() *ProbeResult {
	if p == nil {
		return nil
	}
	b := *p
	if len(b.Output) > maxOutput {
		b.Output = strings.Clone(clip(b.Output, maxOutput))
	}
	return &b
}
