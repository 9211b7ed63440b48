// Package gate decides whether a release may take traffic. Samples of what the engine said of each container go in, a
// verdict comes out: waiting, open or refused.
//
// The gate is pure. It does no I/O, has no clock and starts no goroutine, so the same samples and the same times always
// give the same verdict. It is written for one goroutine.
//
// Three promises to those who use it:
//
//   - It never opens while the newest sample of an expected container is not good, nor for a release of which nothing
//     is expected: an empty set passes every "all healthy" that is written without thought.
//   - A verdict that can no longer change falls at once, without waiting for the deadline.
//   - Once Open or Refused has been returned, no later sample changes it.
//
// What it cannot know is what it was not shown. Silence means to it that nothing has changed, so whoever has lost the
// engine must not ask for a verdict until every container has been observed afresh.
package gate

import (
	"slices"
	"time"
)

// Gate collects samples of one release's containers and judges them. Make it with New.
type Gate struct {
	services []*service
	byName   map[string]*service
	byID     map[string]*track
	gone     map[string]time.Time // the containers that were removed, seen before or not
	stable   time.Duration
	deadline time.Time
	pulled   pulls // moves the deadline
	final    *Verdict
}

// service is one Expected with the containers seen of it, in the order of their names.
type service struct {
	Expected
	tracks []*track
}

// New returns a gate for a release of the expected services, of which each is named once. They must be good for stable
// without interruption, beginning no later than deadline; with stable 0 the gate opens at the first moment at which all
// are good. The deadline is required: use Budget where the user gave none.
func New(expected []Expected, stable time.Duration, deadline time.Time) *Gate {
	g := &Gate{
		byName:   make(map[string]*service, len(expected)),
		byID:     make(map[string]*track),
		gone:     make(map[string]time.Time),
		stable:   stable,
		deadline: deadline,
	}
	for _, e := range expected {
		s := &service{Expected: e}
		g.services = append(g.services, s)
		if _, twice := g.byName[e.Service]; !twice {
			g.byName[e.Service] = s
		}
	}
	return g
}

// Observe takes one sample. A sample of a service that is not expected is ignored, and so is one that is not newer than
// the newest of its container: duplicates and late ones are harmless.
//
// Only containers of this release may be observed. What an earlier release of the same colour left behind, stopped, is a
// container of the same service that has exited, and would refuse this one.
func (g *Gate) Observe(sample Sample) {
	if g.final != nil {
		return
	}
	s, expected := g.byName[sample.Service]
	t, known := g.byID[sample.ID]
	if expected {
		g.forget(s, sample.Instead)
	}
	if !known {
		if !expected {
			return
		}
		t = s.add(sample)
		g.byID[sample.ID] = t
	}
	t.observe(sample)
	g.pulled.observe(sample.At, g.pulls())
	if at, ok := g.gone[t.id]; ok {
		t.vanish(at)
	}
}

// forget drops containers that never ran. One that ran, or whose verdict has fallen, stays.
func (g *Gate) forget(s *service, ids []string) {
	for _, id := range ids {
		t, seen := g.byID[id]
		if !seen || t.fault != nil || !t.startedAt.IsZero() || t.good {
			continue
		}
		delete(g.byID, id)
		s.tracks = slices.DeleteFunc(s.tracks, func(other *track) bool { return other == t })
	}
}

// Vanish says that a container has been removed: the engine announced it, or does not know the id any more. The engine
// never gives an id twice, so a sample that arrives later does not bring the container back.
func (g *Gate) Vanish(id string, at time.Time) {
	if g.final != nil {
		return
	}
	if _, known := g.gone[id]; !known {
		g.gone[id] = at
	}
	if t, seen := g.byID[id]; seen {
		t.vanish(g.gone[id])
	}
}

// add begins the record of a container at its place among the service's others.
func (s *service) add(sample Sample) *track {
	t := &track{expected: &s.Expected, id: sample.ID, name: sample.Name}
	at, _ := slices.BinarySearchFunc(s.tracks, t, byReplica)
	s.tracks = slices.Insert(s.tracks, at, t)
	return t
}

// good says whether as many containers as expected, and every one that was seen, are good by their newest sample.
func (s *service) good() bool {
	for _, t := range s.tracks {
		if !t.good {
			return false
		}
	}
	return len(s.tracks) >= s.Replicas
}
