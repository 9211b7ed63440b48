package main

import (
	"testing"
	"time"
)

func TestHealth(t *testing.T) {
	for name, test := range map[string]struct {
		faults faults
		up     time.Duration
		want   bool
	}{
		"no fault":            {faults{}, 0, true},
		"before it is ready":  {faults{healthyAfter: 2 * time.Second}, 1999 * time.Millisecond, false},
		"once it is ready":    {faults{healthyAfter: 2 * time.Second}, 2 * time.Second, true},
		"never":               {faults{neverHealthy: true}, time.Hour, false},
		"flapping begins up":  {faults{flap: time.Second, healthyAfter: time.Second}, 1500 * time.Millisecond, true},
		"then down":           {faults{flap: time.Second, healthyAfter: time.Second}, 2500 * time.Millisecond, false},
		"then up again":       {faults{flap: time.Second, healthyAfter: time.Second}, 3500 * time.Millisecond, true},
		"not ready, flapping": {faults{flap: time.Second, healthyAfter: time.Second}, 500 * time.Millisecond, false},
	} {
		if got, why := test.faults.health(test.up); got != test.want || why == "" {
			t.Errorf("%s: health = %t, %q; want %t and a reason", name, got, why, test.want)
		}
	}
}
