package nginx

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"bluegate/deploy/gate"
	"bluegate/deploy/model"
	"bluegate/nginx/agent"
	"bluegate/nginx/instance"
)

// nginx's resolver is waited for only as long as it can remember what was there before the release's containers.
func TestForget(t *testing.T) {
	for name, test := range map[string]struct{ memory, age, want time.Duration }{
		"no names":          {0, 0, 0},
		"just started":      {2 * time.Second, 0, 2000 * time.Millisecond},
		"a while ago":       {2 * time.Second, 1500 * time.Millisecond, 500 * time.Millisecond},
		"long ago":          {2 * time.Second, time.Minute, 0},
		"it is not known":   {time.Second, -1, 1000 * time.Millisecond},
		"a clock runs fast": {time.Second, -time.Hour, 1000 * time.Millisecond},
	} {
		synctest.Test(t, func(t *testing.T) {
			now := time.Now()
			young := gate.Sample{StartedAt: now.Add(-test.age)}
			if test.age == -1 {
				young.StartedAt = time.Time{}
			}
			targets := []model.Target{{Containers: []model.Container{{Sample: young}}}}
			if test.age >= 0 {
				old := gate.Sample{StartedAt: now.Add(-2 * time.Hour)}
				targets[0].Containers = append(targets[0].Containers, model.Container{Sample: old})
			}
			if err := forget(t.Context(), test.memory, targets); err != nil || time.Since(now) != test.want {
				t.Errorf("%s: waited %s, %v, want %s", name, time.Since(now), err, test.want)
			}
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if err := forget(ctx, 24*time.Hour, targets); !errors.Is(err, context.Canceled) {
				t.Errorf("%s: %v of an interrupted wait", name, err)
			}
		})
	}
}

func TestConnectionsToTheOldColour(t *testing.T) {
	old := model.Container{Name: "blue-1", Addresses: map[string]string{"net": "10.0.0.2"}, Published: []model.Published{{Port: 8081, Target: 3000}}}
	for remote, want := range map[string]bool{
		"10.0.0.2:3000": true, "127.0.0.1:8081": true, "[::1]:8081": true,
		"127.0.0.1:8082": false, "127.0.0.1:5432": false, "10.0.0.3:3000": false, "10.0.0.3:8081": false, "": false,
	} {
		if got := leadsTo(agent.Socket{Remote: remote}, old, instance.IsLoopback); got != want {
			t.Errorf("%s leads to the old colour: %t, want %t", remote, got, want)
		}
	}
}
