package page

import (
	"testing"
	"time"

	"bluegate/deploy/model"
	"bluegate/watch"
	"bluegate/watch/verdict"
)

func TestBanner(t *testing.T) {
	now := time.Now()
	checks := func(all ...watch.Verdict) (s watch.State) {
		for i, v := range all {
			s.Checks = append(s.Checks, watch.CheckState{Check: watch.Check{Name: string(rune('a' + i))}, Verdict: v})
		}
		return s
	}
	note := func(kind watch.NoteKind, about string, age time.Duration) watch.Note {
		return watch.Note{Kind: kind, About: about, At: now.Add(-age)}
	}
	during := checks(watch.Down)
	during.Deploying = &watch.Deploying{Command: "rollback", Since: time.Date(2026, 11, 28, 14, 3, 0, 0, time.UTC)}
	live := checks(watch.Healthy)
	live.Live = model.Green
	for name, test := range map[string]struct {
		state watch.State
		notes []watch.Note
		want  Overall
		text  string
	}{
		"nothing":                {checks(), nil, Unknown, "Nothing is measured yet."},
		"healthy":                {checks(watch.Healthy, watch.Healthy), nil, Well, "a and b are healthy."},
		"live":                   {live, nil, Well, "a is healthy. Green is live."},
		"many":                   {checks(watch.Healthy, watch.Healthy, watch.Healthy, watch.Healthy), nil, Well, "4 checks are healthy."},
		"one is down":            {checks(watch.Healthy, watch.Down, watch.Degraded), nil, Outage, "b is down."},
		"degraded":               {checks(watch.Healthy, watch.Unknown, watch.Degraded), nil, Degraded, "c is degraded."},
		"not known":              {checks(watch.Healthy, watch.Unknown), nil, Unknown, "b is not known yet, or cannot be measured."},
		"a deployment":           {during, nil, Deploying, "Rollback since 14:03 UTC. Nothing is alarmed until it ends."},
		"an outage is reported":  {checks(watch.Healthy), []watch.Note{note(watch.Outage, "mail", time.Hour)}, Outage, "An operator reports: mail."},
		"and is over":            {checks(watch.Healthy), []watch.Note{note(watch.Outage, "mail", time.Hour), note(watch.Information, "mail", time.Minute)}, Well, "a is healthy."},
		"and another is not":     {checks(watch.Healthy), []watch.Note{note(watch.Warning, "mail", time.Hour), note(watch.Information, "", time.Minute)}, Degraded, "An operator reports: mail."},
		"and is forgotten later": {checks(watch.Healthy), []watch.Note{note(watch.Outage, "mail", 25*time.Hour)}, Well, "a is healthy."},
	} {
		if got := banner(test.state, test.notes, now); got.Overall != test.want || got.Text != test.text || got.Title != titles[test.want] {
			t.Errorf("%s: %+v, want %s: %s", name, got, test.want, test.text)
		}
	}
}

// What is read again does not change cells that are over, and the cells are those that one reading gives.
func TestSeriesReadsWhatIsNew(t *testing.T) {
	f := &fixture{samples: map[string]func(time.Time) (verdict.Result, time.Duration){"a": func(at time.Time) (verdict.Result, time.Duration) {
		return verdict.Good, time.Duration(at.Unix()/1800%100) * time.Millisecond
	}}}
	s := newSeries(f)
	start := time.Date(2026, 11, 28, 14, 17, 0, 0, time.UTC)
	for minute := range 200 {
		now := start.Add(time.Duration(minute) * 7 * time.Minute)
		got, err := s.cells(t.Context(), "a", 0, now)
		if err != nil {
			t.Fatal(err)
		}
		want, _ := newSeries(f).cells(t.Context(), "a", 0, now)
		if len(got) != spans[0].Cells || !got[len(got)-1].from.Equal(now.Truncate(30*time.Minute)) {
			t.Fatalf("%d cells until %s", len(got), got[len(got)-1].from)
		}
		for i := range got {
			if got[i] != want[i] {
				t.Fatalf("after %d readings, cell %d is %+v, want %+v", minute, i, got[i], want[i])
			}
		}
	}
}

func TestChart(t *testing.T) {
	s := span{"2 hours", 30 * time.Minute, 4, 5 * time.Minute}
	c := chart(s, []cell{
		{good: 180, median: 20 * time.Millisecond, p95: 40 * time.Millisecond}, {}, {good: 100, bad: 80, median: 30 * time.Millisecond, p95: 90 * time.Millisecond, said: "503"}, {paused: 180},
	})
	if got := []string{c.Ticks[0].Class, c.Ticks[1].Class, c.Ticks[2].Class, c.Ticks[3].Class}; got[0] != "good" || got[1] != "none" || got[2] != "mixed" || got[3] != "paused" {
		t.Errorf("ticks: %v", got)
	}
	if c.Median != "M2 32h.1M12 28h.1" || c.P95 != "M2 24h.1M12 4h.1" || c.Top != "100 ms" || c.Good != "77.77 %" || c.Slow != "90 ms" {
		t.Errorf("the chart is %+v", c)
	}
	if c.Summary != "Last 2 hours: 77.77 % of the measurements were good, 80 were not." {
		t.Errorf("the summary is %q", c.Summary)
	}
	if got := percent(999999, 1000000); got != "99.99 %" {
		t.Errorf("one bad in a million: %s", got)
	}
}

func TestCheckFile(t *testing.T) {
	seen := map[string]string{}
	for _, name := range []string{"a", "A", "a b", "a-b", "a/b", "..", "../../etc/passwd", "ä", "", "http GET http://was:3000/health", "x" + string(make([]byte, 300))} {
		file := checkFile(name)
		if other, taken := seen[file]; taken || len(file) > 60 || notInFiles.MatchString(file[:1]) && file[0] != '-' {
			t.Errorf("%q is %s, as %q", name, file, other)
		}
		seen[file] = name
	}
}
