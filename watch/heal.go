package watch

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Budget says how far healing goes.
type Budget struct {
	// Mode is nothing; restart, which restarts containers and then calls a person; or rollback, which restarts, then rolls
	// back once, and then calls a person.
	Mode     string
	Restarts int           // within Within
	Within   time.Duration // in which restarts are counted
	Backoff  time.Duration // before the second restart; each further pause is three times as long
}

// The modes of a Budget.
const (
	HealNothing  = "nothing"
	HealRestart  = "restart"
	HealRollback = "rollback"
)

// healed is what healing has done about a release. It is kept over restarts of the process.
type healed struct {
	Release  string      `json:"release"`
	Restarts []time.Time `json:"restarts,omitempty"`
	// RolledBack is the release that was left. Nothing goes back to it. Leaving says that the rollback is under way, or that
	// its result was not seen yet.
	RolledBack string `json:"rolled_back,omitempty"`
	Leaving    bool   `json:"leaving,omitempty"`
	Stopped    string `json:"stopped,omitempty"`
}

// act is what healing does next.
type act struct {
	kind       actKind
	containers []ContainerState // to restart
	why        string
}

type actKind int

const (
	doNothing actKind = iota
	doRestart
	doRollback
	doCall
)

// of is what was done about the release that is live now. A release that someone else made live begins with a new budget.
func (h healed) of(release string) healed {
	switch {
	case release == "" || h.Release == release:
		return h
	case h.Leaving: // the rollback's
		return healed{Release: release, RolledBack: h.RolledBack}
	}
	return healed{Release: release}
}

// decide says what is to be done about what was seen. It is pure. down says that the verdict of the live colour is down.
func (b Budget) decide(h healed, l Look, down bool, now time.Time) act {
	bad := slices.DeleteFunc(l.unhealthy(), func(c ContainerState) bool { return c.Health == "starting" })
	if b.Mode == HealNothing || b.Mode == "" || !down || l.Deploying != nil || l.Live == "" || h.Stopped != "" || len(bad) == 0 {
		return act{}
	}
	why := problemsOf(bad)
	if h.RolledBack != "" {
		return act{kind: doCall, why: fmt.Sprintf("%s is not healthy either, after the rollback from release %s: %s", l.Live, h.RolledBack, why)}
	}
	recent := h.recent(now.Add(-b.Within))
	switch {
	case len(recent) < b.Restarts && now.Before(b.next(recent)):
		return act{}
	case len(recent) < b.Restarts:
		return act{kind: doRestart, containers: bad, why: why}
	case now.Before(b.next(recent)):
		return act{}
	case b.Mode == HealRollback && h.Release == "":
		return act{kind: doCall, why: fmt.Sprintf("%d restarts within %s did not help, and it is not known which release is live: %s", len(recent), b.Within, why)}
	case b.Mode == HealRollback:
		return act{kind: doRollback, why: why}
	}
	return act{kind: doCall, why: fmt.Sprintf("%d restarts within %s did not help: %s", len(recent), b.Within, why)}
}

// recent are the restarts since a time.
func (h healed) recent(since time.Time) []time.Time {
	return slices.DeleteFunc(slices.Clone(h.Restarts), func(at time.Time) bool { return at.Before(since) })
}

// next is when something more may be done: the first restart at once, the next one after the backoff, then after three
// times as long. What follows the last restart waits for the backoff too, so that the restart can help.
func (b Budget) next(done []time.Time) time.Time {
	if len(done) == 0 {
		return time.Time{}
	}
	pause := b.Backoff
	if len(done) < b.Restarts {
		for range len(done) - 1 {
			pause *= 3
		}
	}
	return done[len(done)-1].Add(pause)
}

// problemsOf says what is wrong with containers.
func problemsOf(all []ContainerState) string {
	var parts []string
	for _, c := range all {
		parts = append(parts, fmt.Sprintf("container %q: %s", c.Name, c.Problem))
	}
	return strings.Join(parts, "; ")
}
