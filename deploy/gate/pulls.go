package gate

import "time"

// pullLimit is the longest time by which pulling images moves the deadline.
const pullLimit = 30 * time.Minute

// pulls adds up the time in which the image of a container is pulled where it is to run.
type pulls struct {
	total time.Duration
	since time.Time // while one is pulled
}

// observe notes whether an image is pulled from that moment on.
func (p *pulls) observe(at time.Time, pulling bool) {
	switch {
	case pulling && p.since.IsZero():
		p.since = at
	case !pulling && !p.since.IsZero():
		p.total, p.since = p.until(at), time.Time{}
	}
}

// until is how long images were pulled until now.
func (p *pulls) until(now time.Time) time.Duration {
	total := p.total
	if !p.since.IsZero() {
		total = plus(total, now.Sub(p.since))
	}
	return min(total, pullLimit)
}

// pulls says whether the image of any container is pulled, by the newest samples.
func (g *Gate) pulls() bool {
	for _, t := range g.byID {
		if t.newest.Pulls && t.fault == nil {
			return true
		}
	}
	return false
}

// ends is the deadline, which has moved by the time for pulling images.
func (g *Gate) ends(now time.Time) time.Time { return g.deadline.Add(g.pulled.until(now)) }
