package gate

import "time"

// Decision is what the gate says.
type Decision string

// The gate refuses for good and opens for good.
const (
	// Waiting: nothing is decided yet.
	Waiting Decision = "waiting"
	// Open: the release may take traffic.
	Open Decision = "open"
	// Refused: the release may not.
	Refused Decision = "refused"
)

// Verdict is the gate's answer at one moment. A final one is given out again at every later call, so its slices are not
// to be changed.
type Verdict struct {
	Decision Decision
	// Reasons has for Refused every cause, the most telling first, and at least one.
	Reasons []Reason
	// Next is when to ask again if nothing is observed before: the end of the stable window, or the deadline. Every
	// container should be observed afresh before. It is zero when the decision is final.
	Next time.Time
	// Progress has an entry per container, also for those that are expected and have not been seen, in the order of
	// Expected.
	Progress []Progress
}

// Progress is how far one container is.
type Progress struct {
	Service string
	// Name and State are empty while the container has not been seen.
	Name          string
	State         State
	Health        Health
	FailingStreak int
	Retries       int
	Good          bool
	// Probe is what the last probe said, if it failed, in one printable line.
	Probe string
	// StartedAt and Expected are of the engine's clock. Expected is the latest time at which this container's healthcheck
	// can decide; it is zero before the start, and where there is no healthcheck to wait for.
	StartedAt, Expected time.Time
}

// Verdict judges what has been observed until now, which is of the same clock as Sample.At. It costs one look at every
// container.
//
// The stable window does not count against the deadline: if everything became good in time, the window may end later.
// But when it is interrupted after the deadline, there is no second one.
func (g *Gate) Verdict(now time.Time) Verdict {
	if g.final != nil {
		return *g.final
	}
	v := g.judge(now)
	v.Progress = g.progress()
	if v.Decision != Waiting {
		g.final = &v
	}
	return v
}

func (g *Gate) judge(now time.Time) Verdict {
	if causes := g.faults(); len(causes) > 0 {
		return Verdict{Decision: Refused, Reasons: sortReasons(causes)}
	}
	begin, all := g.begin()
	end, deadline := g.opens(begin), g.ends(now)
	switch {
	case all && begin.After(deadline), !all && !now.Before(deadline):
		return Verdict{Decision: Refused, Reasons: sortReasons(g.overdue(deadline))}
	case all && !now.Before(end):
		return Verdict{Decision: Open}
	case all:
		return Verdict{Decision: Waiting, Next: end}
	default:
		return Verdict{Decision: Waiting, Next: deadline}
	}
}

// begin returns the moment since which everything has been good at once and without interruption, if it is so now.
func (g *Gate) begin() (since time.Time, all bool) {
	for _, s := range g.services {
		if !s.good() {
			return time.Time{}, false
		}
		for _, t := range s.tracks {
			if t.since.After(since) {
				since = t.since
			}
		}
	}
	return since, true
}

// opens returns when the gate opens for a release that has been good since begin.
func (g *Gate) opens(begin time.Time) time.Time {
	end := begin.Add(g.stable)
	for _, s := range g.services {
		if s.Age == 0 {
			continue
		}
		for _, t := range s.tracks {
			if grown := t.newest.StartedAt.Add(s.Age); grown.After(end) {
				end = grown
			}
		}
	}
	return end
}

// faults collects what no later sample can repair, of the model as well as of the containers.
func (g *Gate) faults() []cause {
	var causes []cause
	expected := 0
	for _, s := range g.services {
		expected += max(s.Replicas, 0)
		if s.lacksHealthcheck() {
			causes = append(causes, cause{Reason: s.noHealthcheck()})
		}
		for _, t := range s.tracks {
			if t.fault != nil {
				causes = append(causes, cause{Reason: t.fault, at: t.faultAt})
			}
		}
	}
	if expected == 0 && len(causes) == 0 {
		causes = append(causes, cause{Reason: &Reason{
			Code:    CodeMissing,
			Message: "the release has no container: nothing could be healthy",
		}})
	}
	return causes
}

func (g *Gate) progress() []Progress {
	all := make([]Progress, 0, len(g.byID)+len(g.services))
	for _, s := range g.services {
		for _, t := range s.tracks {
			p := Progress{
				Service: s.Service, Name: t.name,
				State: t.newest.State, Health: t.newest.Health,
				FailingStreak: t.newest.FailingStreak, Retries: s.Probe.retries(),
				Good: t.good, Probe: t.newest.LastProbe.complaint(), StartedAt: t.newest.StartedAt,
			}
			if s.Probe != nil && !s.OneShot && !p.StartedAt.IsZero() {
				p.Expected = p.StartedAt.Add(s.Probe.decides())
			}
			all = append(all, p)
		}
		for range s.Replicas - len(s.tracks) {
			all = append(all, Progress{Service: s.Service, Retries: s.Probe.retries()})
		}
	}
	return all
}
