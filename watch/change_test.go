package watch

import (
	"slices"
	"testing"
	"time"
)

func TestIncidents(t *testing.T) {
	at := func(minute int) time.Time {
		return time.Date(2026, 11, 28, 12, minute, 0, 0, time.UTC)
	}
	change := func(subject string, from, to Verdict, minute int) Change {
		return Change{Subject: subject, From: from, To: to, At: at(minute).Add(time.Second), Since: at(minute), Why: "why"}
	}
	for name, test := range map[string]struct {
		changes []Change
		want    []Incident
	}{
		"none":           {nil, nil},
		"first verdict":  {[]Change{change("a", Unknown, Healthy, 1)}, nil},
		"one that lasts": {[]Change{change("a", Healthy, Down, 1)}, []Incident{{"a", Down, at(1), time.Time{}, "why"}}},
		"degraded, then down, then healthy": {
			[]Change{change("a", Healthy, Degraded, 1), change("a", Degraded, Down, 2), change("a", Down, Healthy, 4)},
			[]Incident{{"a", Down, at(1), at(4), "why"}},
		},
		"down, then degraded, is one": {
			[]Change{change("a", Healthy, Down, 1), change("a", Down, Degraded, 2), change("a", Degraded, Healthy, 3)},
			[]Incident{{"a", Down, at(1), at(3), "why"}},
		},
		"unknown ends nothing": {
			[]Change{change("a", Healthy, Down, 1), change("a", Down, Unknown, 2), change("a", Unknown, Healthy, 3)},
			[]Incident{{"a", Down, at(1), at(3), "why"}},
		},
		"two next to each other": {
			[]Change{change("a", Healthy, Down, 1), change("b", Healthy, Down, 2), change("a", Down, Healthy, 3)},
			[]Incident{{"a", Down, at(1), at(3), "why"}, {"b", Down, at(2), time.Time{}, "why"}},
		},
	} {
		if got := Incidents(test.changes); !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}
