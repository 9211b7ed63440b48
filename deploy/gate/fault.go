package gate

import (
	"cmp"
	"fmt"
	"time"
)

// fatalReason returns the reason for which the newest sample can never be followed by a pass, or nil.
//
// The order of the questions is the order of explanations: a container that the kernel killed has also exited, may also
// be restarting, and is also unhealthy.
func (t *track) fatalReason() *Reason {
	s, e := &t.newest, t.expected
	switch {
	case s.OOMKilled && t.outOfMemory():
		return t.oomKilled()
	case s.State == StateExited && !t.isGood():
		return t.exited()
	case s.State == StateRestarting, s.RestartCount > 0, t.startedAgain():
		return t.restarted()
	case s.State == StateDead:
		return t.reason(CodeExited, "is dead, ", t.ending(), ": it could not be removed completely")
	case s.State == StatePaused:
		return t.reason(CodePaused, "is paused: a paused container does not answer")
	case s.State == StateRemoving:
		return t.reason(CodeVanished, "is being removed by someone else")
	case s.State == StateCreated && s.Error != "":
		return t.reason(CodeExited, "could not be started")
	case s.State == StateRunning && !e.OneShot && s.Health == HealthUnhealthy && s.FailingStreak >= e.Probe.retries():
		// With fewer failures the engine says "unhealthy" of a container that is about to stop. What the state says next
		// is then the reason, and this would hide it.
		return t.unhealthy()
	}
	return nil
}

// outOfMemory says whether an OOM kill matters. The engine reports it also when a child was killed and the main process
// lived; a one-shot may still end with 0 then.
func (t *track) outOfMemory() bool {
	return !t.expected.OneShot || t.newest.ExitCode != 0
}

func (t *track) oomKilled() *Reason {
	if t.newest.ended() {
		return t.reason(CodeOOMKilled, "ran out of memory and was killed by the kernel; it ", t.ending())
	}
	return t.reason(CodeOOMKilled, "ran out of memory: the kernel killed one of its processes")
}

func (t *track) exited() *Reason {
	s := &t.newest
	switch {
	case t.expected.OneShot:
		return t.reason(CodeExited, t.ending(), ": a one-shot passes by exit 0")
	case s.ExitCode == 0 && s.Health == HealthHealthy:
		// An orderly stop would have made it unhealthy.
		return t.reason(CodeExited, t.ending(), ": a long-running service ended. Its health still reads healthy, ",
			"as when the engine itself was killed and came back")
	case s.ExitCode == 0:
		return t.reason(CodeExited, t.ending(), ": a long-running service ended")
	default:
		return t.reason(CodeExited, t.ending())
	}
}

// startedAgain sees a restart that RestartCount does not count, because someone else asked for it.
func (t *track) startedAgain() bool {
	return !t.newest.StartedAt.IsZero() && !t.newest.StartedAt.Equal(t.startedAt)
}

// restarted refuses one-shots, too: what needed a second attempt in this release would need it again.
func (t *track) restarted() *Reason {
	var what string
	switch restarts := t.newest.RestartCount; {
	case t.newest.State == StateRestarting:
		what = t.ending() + ", and the engine starts it again"
	case t.newest.ended():
		what = t.ending()
	case restarts > 0:
		what = fmt.Sprintf("did not stay up: the engine has started it again (restarts: %d)", restarts)
	default:
		what = "was started again, and not by its restart policy: by someone else, or by an engine that was restarted"
	}
	if t.expected.OneShot {
		what += ". A one-shot must pass at its first attempt; give it no restart policy"
	}
	return t.reason(CodeRestarting, what)
}

func (t *track) unhealthy() *Reason {
	return t.reason(CodeUnhealthy, fmt.Sprintf("is unhealthy: %d of %d probes failed in a row",
		t.newest.FailingStreak, t.expected.Probe.retries()), also(t.newest.LastProbe.words()))
}

func (t *track) flapping() *Reason {
	last := cmp.Or(t.failed, t.newest.LastProbe)
	r := t.reason(CodeFlapping, fmt.Sprintf("lost its health %d times after having been good", t.losses),
		also(last.words()))
	r.LastProbe = last
	return r
}

// ending says how the process ended, and of how long it lived and how often as much as the engine knows.
func (t *track) ending() string {
	s := &t.newest
	words := "exited with " + exitWords(s.ExitCode)
	if lived := s.FinishedAt.Sub(s.StartedAt); !s.StartedAt.IsZero() && lived > 0 {
		words += fmt.Sprintf(" after %v", roughly(lived))
	}
	if s.RestartCount > 0 {
		words += fmt.Sprintf(" (restarts: %d)", s.RestartCount)
	}
	return words
}

// also appends a second half to a message, if there is one.
func also(words string) string {
	if words == "" {
		return ""
	}
	return "; " + words
}

// roughly rounds a duration to what a reader takes in.
func roughly(d time.Duration) time.Duration {
	if d < time.Second {
		return d.Round(time.Millisecond)
	}
	return d.Round(100 * time.Millisecond)
}
