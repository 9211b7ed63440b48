package compose

import (
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/docker/docker/client"

	"bluegate/compose/engine"
	"bluegate/compose/load"
)

func TestProbeOften(t *testing.T) {
	span := func(d time.Duration) *types.Duration { v := types.Duration(d); return &v }
	const half = 500 * time.Millisecond
	for _, c := range []struct {
		name  string
		api   string
		asked time.Duration
		check *types.HealthCheckConfig
		want  time.Duration // zero: as it was
	}{
		{"asked more often", "1.51", half, &types.HealthCheckConfig{Interval: span(10 * time.Second), StartPeriod: span(20 * time.Second)}, half},
		{"never less often", "1.44", time.Minute, &types.HealthCheckConfig{Interval: span(10 * time.Second), StartPeriod: span(20 * time.Second)}, 10 * time.Second},
		{"nor than Docker's default", "1.44", time.Minute, &types.HealthCheckConfig{StartPeriod: span(20 * time.Second)}, 30 * time.Second},
		{"engine too old", "1.43", half, &types.HealthCheckConfig{StartPeriod: span(20 * time.Second)}, 0},
		{"not configured", "1.51", 0, &types.HealthCheckConfig{StartPeriod: span(20 * time.Second)}, 0},
		{"no start_period", "1.51", half, &types.HealthCheckConfig{Interval: span(10 * time.Second)}, 0},
		{"disabled", "1.51", half, &types.HealthCheckConfig{Disable: true, StartPeriod: span(20 * time.Second)}, 0},
		{"none", "1.51", half, nil, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			raw, err := client.NewClientWithOpts(client.WithVersion(c.api))
			if err != nil {
				t.Fatal(err)
			}
			s := &Stack{engine: &engine.Engine{Client: raw}, opts: load.Options{StartInterval: c.asked}}
			got := s.setStartInterval(types.ServiceConfig{HealthCheck: c.check}).HealthCheck
			switch {
			case c.want == 0 && got != c.check:
				t.Errorf("changed to %+v", got)
			case c.want != 0 && (got.StartInterval == nil || time.Duration(*got.StartInterval) != c.want):
				t.Errorf("start_interval is %v, want %s", got.StartInterval, c.want)
			case c.want != 0 && c.check.StartInterval != nil:
				t.Error("the file's own model was changed")
			}
		})
	}
	own := &types.HealthCheckConfig{StartPeriod: span(time.Minute), StartInterval: span(time.Second)}
	raw, err := client.NewClientWithOpts(client.WithVersion("1.51"))
	if err != nil {
		t.Fatal(err)
	}
	s := &Stack{engine: &engine.Engine{Client: raw}, opts: load.Options{StartInterval: half}}
	if got := s.setStartInterval(types.ServiceConfig{HealthCheck: own}).HealthCheck; got != own {
		t.Errorf("the file's own start_interval was changed to %v", got.StartInterval)
	}
}
