package compose

import (
	"time"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/docker/docker/api/types/versions"
)

// startIntervalAPI is the first API version of the engine with a healthcheck's start_interval.
const startIntervalAPI = "1.44"

// setStartInterval sets the configured interval for a healthcheck's start_period, so that the gate learns at once when
// an application is ready. A healthcheck without a start_period is not changed, and neither is one with its own
// start_interval; an older engine keeps the interval.
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

// interval returns a healthcheck's interval, or Docker's default.
func interval(h *types.HealthCheckConfig) time.Duration {
	if h.Interval != nil && *h.Interval > 0 {
		return time.Duration(*h.Interval)
	}
	return 30 * time.Second
}
