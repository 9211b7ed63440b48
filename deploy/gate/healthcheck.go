package gate

import (
	"fmt"
	"time"
)

// Probe is a healthcheck with its effective values: whoever fills it in has put Docker's defaults where nothing was
// said.
type Probe struct {
	Interval, Timeout, StartPeriod time.Duration
	// Retries is how many probes must fail in a row. Like the engine, the gate takes 3 for what is not positive.
	Retries int
}

// retries returns how many failures make the engine's "unhealthy" a verdict. It can be asked of nil: the engine may
// know a healthcheck of which the model does not.
func (p *Probe) retries() int {
	if p == nil || p.Retries <= 0 {
		return 3
	}
	return p.Retries
}

// decides is the longest time from the start of a container until its healthcheck has either passed or used up its
// retries. The last probe that does not count begins just before the end of start_period and takes one timeout; those
// that count follow.
func (p *Probe) decides() time.Duration {
	return plus(plus(p.StartPeriod, p.Timeout), times(p.retries(), plus(p.Interval, p.Timeout)))
}

// lacksHealthcheck says that the engine will never say anything about the health of a service that needs it.
func (e *Expected) lacksHealthcheck() bool {
	return e.Probe == nil && !e.OneShot && !e.RunningSuffices && e.Replicas > 0
}

// noHealthcheck refuses such a service. The message carries what to add, as it would stand in the Compose file.
func (e *Expected) noHealthcheck() *Reason {
	return &Reason{
		Code:    CodeNoHealthcheck,
		Service: e.Service,
		Message: fmt.Sprintf(noHealthcheck, e.Service, e.Service),
	}
}

const noHealthcheck = `service %q has no healthcheck, so nothing can tell whether it works. Add one to its Compose file:

services:
  %s:
    healthcheck:
      # The port is the one that it listens on. An image without curl can carry bluegate's own probe:
      # ["CMD", "/healthcheck", "http://127.0.0.1:8080/"]
      test: ["CMD", "curl", "-fsS", "-o", "/dev/null", "http://127.0.0.1:8080/"]
      interval: 2s
      timeout: 2s
      retries: 5
      start_period: 30s

or, where nothing sends it requests, let it pass by running: "gate: {without_healthcheck: {NAME: running}}" in bluegate.yml, with its name without the colour.`
