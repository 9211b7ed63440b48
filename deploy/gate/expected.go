package gate

import "time"

// Expected is one service of the release as the Compose model describes it. The gate judges what must be there, never
// what happens to be there.
type Expected struct {
	// Service is the service's key in the Compose model.
	Service string
	// Replicas is how many containers there must be. If more are seen, those are judged too.
	Replicas int
	// OneShot marks a service that ends: it passes by exit 0, whatever health it inherited from its image, and must do so
	// at its first attempt.
	OneShot bool
	// Probe is the healthcheck of the model or else of the image; nil if neither has one.
	Probe *Probe
	// RunningSuffices lets a container without a healthcheck pass by running.
	RunningSuffices bool
	// Age is how long after the start of each of its containers the gate opens at the earliest, because what is to send
	// traffic there learns of it only then. It does not count against the deadline.
	Age time.Duration
	// After are the depends_on edges. Those to services outside the release do not matter here.
	After []Dependency
}

// Dependency is a depends_on edge: the service that is waited for, and until what.
type Dependency struct {
	Service   string
	Condition Condition
}

// Condition is what a dependency must have reached, in the spelling of Compose.
type Condition string

// The conditions that Compose knows.
const (
	Started   Condition = "service_started"
	Healthy   Condition = "service_healthy"
	Completed Condition = "service_completed_successfully"
)
