package compose

import (
	"time"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/docker/docker/api/types/versions"
)

// startIntervalAPI is the engine's API from which a healthcheck may be asked more often while a container starts.
const startIntervalAPI = "1.44"

// setStartInterval has a healthcheck asked at the configured pace during its start_period, so that the gate learns that an
// application is ready when it is, and not at the healthcheck's next turn. A healthcheck without a start_period has no
// such phase, and one that sets a start_interval keeps its own; an older engine keeps the interval.
func (s *Stack) setStartInterval(c types.ServiceConfig) types.ServiceConfig {
	h := c.HealthCheck
	if s.opts.StartInterval <= 0 || h == nil || h.Disable || h.StartPeriod == nil || *h.StartPeriod == 0 || h.StartInterval != nil {
		return c
	}
	if versions.LessThan(s.engine.ClientVersion(), startIntervalAPI) {
		return c
	}
	often := *h
	pace := types.Duration(min(s.opts.StartInterval, interval(h)))
	often.StartInterval = &pace
	c.HealthCheck = &often
	return c
}

// interval is a healthcheck's own, or Docker's default.
func interval(h *types.HealthCheckConfig) time.Duration {
	if h.Interval != nil && *h.Interval > 0 {
		return time.Duration(*h.Interval)
	}
	return 30 * time.Second
}
