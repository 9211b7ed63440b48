package gate

import (
	"cmp"
	"time"
)

// flapLimit is how often a container may lose being good before the gate stops believing in it.
const flapLimit = 3

// track is what the gate remembers of one container. It holds no history: a container that is watched for an hour takes
// as much memory as one that is watched for a second.
type track struct {
	expected *Expected
	id, name string

	newest    Sample
	startedAt time.Time // the first that was seen

	good    bool
	since   time.Time    // At of the sample that began the uninterrupted run of good ones; holds while good
	counted time.Time    // newest LastFailure that has been taken into account
	losses  int          // how often it was good and then was not
	failed  *ProbeResult // what took its health, if a sample showed it
	done    bool         // a one-shot that has passed: nothing that happens to it afterwards matters

	fault   *Reason // the verdict on this container, once it can no longer change
	faultAt time.Time
}

// observe takes the next sample, unless it is older than what is known.
func (t *track) observe(s Sample) {
	if t.done || !s.At.After(t.newest.At) {
		return
	}
	s.LastProbe = s.LastProbe.bounded()
	if s.Health == "none" {
		s.Health = HealthNone
	}
	t.newest = s
	if t.startedAt.IsZero() {
		t.startedAt = s.StartedAt
	}
	if r := t.fatalReason(); r != nil {
		t.setReason(r, s.At)
	}
	if t.fault == nil {
		t.keepCount()
		t.done = t.expected.OneShot && t.good
	}
}

// vanish judges the removal, which does not matter to what has passed.
func (t *track) vanish(at time.Time) {
	if t.done {
		return
	}
	t.setReason(t.reason(CodeVanished, "was removed by someone else"), at)
}

// setReason records the first verdict on the container. Only an OOM that is learnt of later takes its place: the engine is
// told of the kill and of the exit by two events, and they come in either order.
func (t *track) setReason(r *Reason, at time.Time) {
	t.good = false
	if t.fault == nil || r.Code == CodeOOMKilled && t.fault.Code != CodeOOMKilled {
		t.fault, t.faultAt = r, at
	}
}

// keepCount follows the container into and out of being good.
//
// A failing probe between two samples shows only in LastFailure. It is compared with the newest failure that was known
// before, and not with At: a failure from before the container became good, as inside start_period, never counts, and
// each later one counts once however often it is seen.
func (t *track) keepCount() {
	s := &t.newest
	was, unseen := t.good, s.LastFailure.After(t.counted)
	t.good = t.isGood()
	if unseen {
		t.counted = s.LastFailure
	}
	if was && (!t.good || unseen) {
		t.losses++
		if s.LastProbe != nil && s.LastProbe.ExitCode != 0 {
			t.failed = s.LastProbe
		}
	}
	if t.good && (!was || unseen) {
		t.since = s.At
	}
	if t.losses >= flapLimit {
		t.setReason(t.flapping(), s.At)
	}
}

// isGood judges the newest sample by itself. Health counts only together with Running.
func (t *track) isGood() bool {
	s := &t.newest
	switch {
	case t.expected.OneShot:
		return s.State == StateExited && s.ExitCode == 0
	case s.State != StateRunning:
		return false
	case s.Health == HealthNone:
		return t.expected.Probe == nil && t.expected.RunningSuffices
	default:
		return s.Health == HealthHealthy && s.FailingStreak == 0
	}
}

// byReplica orders the containers of a service so that app-2 comes before app-10.
func byReplica(a, b *track) int {
	return cmp.Or(cmp.Compare(len(a.name), len(b.name)), cmp.Compare(a.name, b.name), cmp.Compare(a.id, b.id))
}
