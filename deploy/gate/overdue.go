package gate

import (
	"fmt"
	"strings"
	"time"
)

// overdue says of each container that was not good in time what it was waiting for, with the last real reason in it.
func (g *Gate) overdue(deadline time.Time) []cause {
	var causes []cause
	for _, s := range g.services {
		blockers := g.blockers(s)
		for _, t := range s.tracks {
			if t.good && !t.since.After(deadline) {
				continue
			}
			r := t.overdue(blockers)
			causes = append(causes, cause{Reason: r, at: t.newest.At, waiting: t.newest.State == StateCreated})
		}
		for i := len(s.tracks); i < s.Replicas; i++ {
			causes = append(causes, cause{Reason: s.missing(i+1, blockers), at: deadline})
		}
	}
	return causes
}

// overdue explains a container that exists.
func (t *track) overdue(blockers string) *Reason {
	s, e := &t.newest, t.expected
	late := func(parts ...string) *Reason { return t.reason(CodeTimeout, parts...) }
	streak := fmt.Sprintf("%d of %d probes failed", s.FailingStreak, e.Probe.retries())
	switch {
	case t.good:
		r := late("became good only after the deadline", also(t.relapse()))
		if t.failed != nil {
			r.LastProbe = t.failed
		}
		return r
	case s.State == StateCreated:
		return late("was created and never started", blockers)
	case e.OneShot:
		return late("had not ended at the deadline: a one-shot passes by exit 0")
	case s.State != StateRunning:
		return late("was not running at the deadline, but ", printable(string(s.State)))
	case s.Health == HealthNone:
		return late("runs, but the engine runs no healthcheck in it, though it should")
	case s.Health == HealthStarting && t.inStartPeriod():
		return late("was still starting at the deadline, inside its start_period of ", e.Probe.StartPeriod.String(),
			also(t.probing()))
	case s.Health == HealthStarting:
		return late("was still starting at the deadline, ", streak, also(t.probing()))
	case s.Health == HealthHealthy:
		return late("was failing again at the deadline, ", streak, also(t.probing()))
	default:
		return late("was ", printable(string(s.Health)), " at the deadline, ", streak, also(t.probing()))
	}
}

// probing says how the newest probe went, or that it is not known.
func (t *track) probing() string {
	if t.newest.LastProbe == nil {
		return "no probe result is known"
	}
	return t.newest.LastProbe.words()
}

// relapse says what a container was doing while it should have become good.
func (t *track) relapse() string {
	if t.losses == 0 {
		return ""
	}
	return fmt.Sprintf("it had lost its health before (times: %d)%s", t.losses, also(t.failed.words()))
}

// inStartPeriod says whether the newest probe failed without being counted.
func (t *track) inStartPeriod() bool {
	s, probe := &t.newest, t.expected.Probe
	if probe == nil || s.LastProbe == nil {
		return false
	}
	return s.LastProbe.Start.Sub(s.StartedAt) < probe.StartPeriod
}

// missing explains a container that was never seen: the n-th of its service.
func (s *service) missing(n int, blockers string) *Reason {
	which := "its container"
	if s.Replicas > 1 {
		which = fmt.Sprintf("container %d of %d", n, s.Replicas)
	}
	return &Reason{
		Code:    CodeMissing,
		Service: s.Service,
		Message: fmt.Sprintf("service %q: %s was never created%s", s.Service, which, blockers),
	}
}

// blockers names the dependencies that have not reached what the service waits for.
func (g *Gate) blockers(s *service) string {
	var waits []string
	for _, after := range s.After {
		if d, inside := g.byName[after.Service]; inside && !d.reached(after.Condition) {
			waits = append(waits, fmt.Sprintf("%q (%s)", after.Service, after.Condition))
		}
	}
	if len(waits) == 0 {
		return ""
	}
	return "; it waits for " + strings.Join(waits, ", ")
}

// reached says whether the service is as far as those who depend on it want it.
func (s *service) reached(c Condition) bool {
	if c != Started {
		return s.good()
	}
	for _, t := range s.tracks {
		if t.newest.StartedAt.IsZero() {
			return false
		}
	}
	return len(s.tracks) >= s.Replicas
}
