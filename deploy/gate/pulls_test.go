package gate

import (
	"testing"
	"time"
)

// TestPullsMoveTheDeadline: the time in which an image is pulled where it is to run does not count, however many are pulled
// at once; everything else does.
func TestPullsMoveTheDeadline(t *testing.T) {
	began := time.Date(2026, 11, 20, 11, 0, 0, 0, time.UTC)
	at := func(s int) time.Time { return began.Add(time.Duration(s) * time.Second) }
	sample := func(s int, id string, pulls bool) Sample {
		return Sample{At: at(s), ID: id, Name: id, Service: "was", State: StateCreated, Pulls: pulls, Waits: "its image is pulled"}
	}
	for name, test := range map[string]struct {
		samples []Sample
		refused int // the second at which the gate refuses
	}{
		"nothing is pulled":      {[]Sample{sample(1, "a", false), sample(1, "b", false)}, 60},
		"one":                    {[]Sample{sample(0, "a", true), sample(1, "b", false), sample(20, "a", false)}, 80},
		"two at once":            {[]Sample{sample(0, "a", true), sample(0, "b", true), sample(20, "a", false), sample(30, "b", false)}, 90},
		"one after the other":    {[]Sample{sample(0, "a", true), sample(10, "a", false), sample(20, "b", true), sample(30, "b", false)}, 80},
		"one that does not end":  {[]Sample{sample(0, "a", true)}, 60 + 30*60},
		"one that begins late":   {[]Sample{sample(1, "a", false), sample(50, "b", true), sample(55, "b", false)}, 65},
		"one that begins at all": {[]Sample{sample(1, "a", false)}, 60},
	} {
		g := New([]Expected{{Service: "was", Replicas: 2, Probe: &Probe{}}}, 0, at(60))
		refused := 0
		for s := 0; s < 3600 && refused == 0; s++ {
			for _, one := range test.samples {
				if one.At.Equal(at(s)) {
					g.Observe(one)
				}
			}
			v := g.Verdict(at(s))
			if v.Decision == Refused {
				refused = s
			} else if !v.Next.After(at(s)) {
				t.Fatalf("%s: at %d the gate wants to be asked again at %s", name, s, v.Next)
			}
		}
		if refused != test.refused {
			t.Errorf("%s: refused after %d s, want %d", name, refused, test.refused)
		}
	}
}
