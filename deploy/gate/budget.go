package gate

import (
	"math"
	"time"
)

const (
	// withoutProbe is how long a service without a healthcheck may take until it runs.
	withoutProbe = 60 * time.Second
	// oneShotLimit is how long a migration and its like may take.
	oneShotLimit = 10 * time.Minute
	// margin covers, per service, what the engine adds to its own rules: making the exec of each probe, and telling us.
	margin = 10 * time.Second
	// perStart is for creating and starting one container. Compose starts them one after the other: 0.3 s each were
	// measured on an idle machine.
	perStart = time.Second
)

// Budget returns the longest time, counted from before the containers are created, in which the healthchecks of these
// services can decide; pulling and the stable window are not in it.
//
// A service with a dependency that must be healthy or completed begins when that has had its own time, so the sums
// add up along the longest such chain. One that must only be started adds nothing of its own, but what it waits for
// itself still counts. Dependencies outside of expected count nothing, and a cycle, which Compose refuses before, is cut
// where it closes. The result is never negative; absurd values end at the longest Duration.
func Budget(expected []Expected) time.Duration {
	c := chain{make(map[string]*Expected), make(map[string]time.Duration), make(map[string]bool)}
	var starting time.Duration
	for i := range expected {
		e := &expected[i]
		c.services[e.Service] = e
		starting = plus(starting, times(e.Replicas, perStart))
	}
	var longest time.Duration
	for i := range expected {
		longest = max(longest, plus(c.start(expected[i].Service), expected[i].span()))
	}
	return plus(longest, starting)
}

// chain walks the depends_on edges. Each service is walked once.
type chain struct {
	services map[string]*Expected
	starts   map[string]time.Duration
	walking  map[string]bool
}

// start returns the latest time at which the service can be started, from the start of those that wait for nothing.
func (c *chain) start(name string) time.Duration {
	if known, ok := c.starts[name]; ok {
		return known
	}
	c.walking[name] = true
	defer delete(c.walking, name)
	var latest time.Duration
	for _, after := range c.services[name].After {
		d, inside := c.services[after.Service]
		if !inside || c.walking[after.Service] {
			continue
		}
		reached := c.start(after.Service)
		if after.Condition != Started {
			reached = plus(reached, d.span())
		}
		latest = max(latest, reached)
	}
	c.starts[name] = latest
	return latest
}

// span is the longest time from the start of the service until it is decided.
func (e *Expected) span() time.Duration {
	switch {
	case e.OneShot:
		return oneShotLimit
	case e.Probe == nil:
		return withoutProbe
	default:
		return plus(e.Probe.decides(), margin)
	}
}

// plus and times take what is negative for nothing and stop at the longest Duration: an overflow would be a deadline in
// the past.
func plus(a, b time.Duration) time.Duration {
	a, b = max(a, 0), max(b, 0)
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

func times(n int, d time.Duration) time.Duration {
	n, d = max(n, 0), max(d, 0)
	if d > 0 && time.Duration(n) > math.MaxInt64/d {
		return math.MaxInt64
	}
	return time.Duration(n) * d
}
