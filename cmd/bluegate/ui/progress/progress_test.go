package progress

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bluegate/cmd/bluegate/ui/style"
	"bluegate/deploy/gate"
	"bluegate/deploy/model"
	"bluegate/deploy/redact"
	"bluegate/testdata/golden"
)

func unsetVariable(string) string { return "" }

func starting(name string) gate.Progress {
	return gate.Progress{Service: strings.TrimSuffix(name, "-1"), Name: name, State: gate.StateRunning, Health: gate.HealthStarting, Retries: 3, StartedAt: time.Now(), Expected: time.Now().Add(25 * time.Second)}
}

func healthy(name string) gate.Progress {
	p := starting(name)
	p.Health, p.Good = gate.HealthHealthy, true
	return p
}

func waiting(next time.Duration, all ...gate.Progress) gate.Verdict {
	return gate.Verdict{Decision: gate.Waiting, Next: time.Now().Add(next), Progress: all}
}

// watchPlain runs a script with a plain progress and returns its lines.
func watchPlain(t *testing.T, heartbeat time.Duration, script func(*plainProgress)) (lines []string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		ctx, cancel := context.WithCancel(t.Context())
		p := newPlainProgress(ctx, &out, heartbeat)
		script(p)
		cancel()
		synctest.Wait()
		lines = strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	})
	return lines
}

func wantLines(t *testing.T, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestPlainProgress(t *testing.T) {
	wantLines(t, watchPlain(t, 20*time.Second, func(p *plainProgress) {
		p.Step("lock")
		time.Sleep(1500 * time.Millisecond)
		p.Step("up")
		v := waiting(time.Minute, gate.Progress{Service: "was-green"}, starting("shop-signal-green-1"))
		p.Gate(v)
		p.Gate(v) // nothing new
		time.Sleep(time.Second)
		failing := starting("shop-signal-green-1")
		failing.FailingStreak, failing.Probe = 2, "connection refused"
		p.Gate(waiting(time.Minute, starting("shop-was-green-1"), failing))
		time.Sleep(time.Second)
		p.Gate(waiting(5*time.Second, healthy("shop-was-green-1"), healthy("shop-signal-green-1")))
		p.Say("the %s is %d", "answer", 42)
	}),
		"   0.0s  taking the lock",
		"   1.5s  starting the new colour",
		"   1.5s  shop-signal-green-1: starting",
		"   2.5s  shop-was-green-1: starting",
		"   2.5s  shop-signal-green-1: starting (2 of 3 probes failed): connection refused",
		"   3.5s  shop-was-green-1: healthy",
		"   3.5s  shop-signal-green-1: healthy",
		"   3.5s  the answer is 42",
	)
}

// A CI runner ends a job without output: there is a line at least every 30 s, and it says what the step waits for.
func TestHeartbeat(t *testing.T) {
	wantLines(t, watchPlain(t, 20*time.Second, func(p *plainProgress) {
		time.Sleep(time.Minute) // before the first step there is nothing to say
		p.Step("pull")
		time.Sleep(45 * time.Second)
		p.Step("up")
		p.Gate(waiting(90*time.Second, starting("shop-was-green-1"), starting("shop-b-1"), healthy("shop-a-1")))
		time.Sleep(41 * time.Second)
		p.Gate(gate.Verdict{Decision: gate.Open, Progress: []gate.Progress{healthy("shop-was-green-1"), healthy("shop-b-1"), healthy("shop-a-1")}})
		p.Step("drain")
		time.Sleep(25 * time.Second)
	}),
		"  60.0s  pulling",
		"  80.0s  still pulling",
		" 100.0s  still pulling",
		" 105.0s  starting the new colour",
		" 105.0s  shop-was-green-1: starting",
		" 105.0s  shop-b-1: starting",
		" 105.0s  shop-a-1: healthy",
		" 125.0s  still starting the new colour: waiting for shop-b-1 starting, shop-was-green-1 starting; 1m10s at most",
		" 145.0s  still starting the new colour: waiting for shop-b-1 starting, shop-was-green-1 starting; 50s at most",
		" 146.0s  shop-was-green-1: healthy",
		" 146.0s  shop-b-1: healthy",
		" 146.0s  draining the old colour",
		" 170.0s  still draining the old colour",
	)
}

// During the bake, users are on the release already: no gate opens.
func TestBakeProgress(t *testing.T) {
	wantLines(t, watchPlain(t, 20*time.Second, func(p *plainProgress) {
		p.Step("bake")
		p.Gate(waiting(39*time.Second, healthy("shop-was-green-1")))
		time.Sleep(20 * time.Second)
	}),
		"   0.0s  baking: watching the new colour with users on it",
		"   0.0s  shop-was-green-1: healthy",
		"  20.0s  still baking: watching the new colour with users on it; all healthy, passes in 19s",
	)
	v := waiting(5*time.Second, healthy("shop-was-green-1"))
	if got := outlook("up", v, time.Now()); !strings.Contains(got, "switches in 5s") {
		t.Errorf("at the gate it says %q", got)
	}
}

// The undoing does not wait for what the gate waited for.
func TestHeartbeatAfterARefusal(t *testing.T) {
	lines := watchPlain(t, 20*time.Second, func(p *plainProgress) {
		p.Step("up")
		bad := starting("shop-was-green-1")
		bad.Health = gate.HealthUnhealthy
		p.Gate(waiting(time.Minute, bad))
		p.Gate(gate.Verdict{Decision: gate.Refused, Progress: []gate.Progress{bad}})
		p.Step("abandon")
		time.Sleep(25 * time.Second)
	})
	if last := lines[len(lines)-1]; !strings.HasSuffix(last, "still undoing: the new colour is removed") {
		t.Errorf("%q", last)
	}
}

func TestNoLineIsSilentForLong(t *testing.T) {
	lines := watchPlain(t, 20*time.Second, func(p *plainProgress) {
		p.Step("drain")
		for range 40 {
			time.Sleep(13 * time.Second)
			p.Say("draining")
		}
		time.Sleep(10 * time.Minute)
	})
	last := 0.0
	for _, line := range lines {
		var at float64
		if _, err := fmt.Sscanf(line, "%fs", &at); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if at-last > 30 {
			t.Errorf("nothing is said between %.0fs and %.0fs", last, at)
		}
		last = at
	}
	if last < 1100 {
		t.Errorf("the last line comes at %.0fs", last)
	}
}

// Only a terminal gets a live view.
func TestTerminal(t *testing.T) {
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, w := range []io.Writer{file, &Terminal{File: file}, &bytes.Buffer{}} {
		if style.LookOf(w, unsetVariable, false).Terminal {
			t.Errorf("a %T is taken for a terminal", w)
		}
		if _, ok := New(t.Context(), w, unsetVariable, Options{Mode: Auto}).(*plainProgress); !ok {
			t.Errorf("a %T does not get lines", w)
		}
	}
	if _, ok := New(t.Context(), file, unsetVariable, Options{Mode: JSON}).(*jsonProgress); !ok {
		t.Error("no JSON")
	}
	if _, ok := New(t.Context(), file, unsetVariable, Options{Mode: NoLines}).(Quiet); !ok {
		t.Error("quiet says something")
	}
}

func TestSilence(t *testing.T) {
	var s Quiet
	s.Step("x")
	s.Say("%d", 1)
	s.Gate(gate.Verdict{})
	s.About(model.Overview{})
	s.Transfer(model.Transfer{})
	s.Draining(model.DrainStatus{}, time.Now())
}

// The same deployment in lines, with its pull and its drain.
func TestPlainStory(t *testing.T) {
	lines := watchPlain(t, 20*time.Second, func(p *plainProgress) {
		s := tellStory(p, func(string) {})
		s.prepare()
		s.start()
		s.goLive()
	})
	golden.Compare(t, "plain.txt", strings.Join(lines, "\n")+"\n")
}

// In JSON, each line is an object, and every kind and field is described.
func TestJSONStory(t *testing.T) {
	var out bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		p := newJSONProgress(ctx, &out, 20*time.Second)
		s := tellStory(p, func(string) {})
		s.prepare()
		s.start()
		s.goLive()
		p.Transfer(model.Transfer{Image: "app:v5", Build: true, Done: 1, Total: 3, Words: "FROM x"})
		time.Sleep(25 * time.Second)
		cancel()
		synctest.Wait()
	})
	golden.Compare(t, "json.txt", out.String())
	page, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "docs", "progress.md"))
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]bool{}
	for line := range strings.Lines(out.String()) {
		var e map[string]any
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		kinds[e["event"].(string)] = true
		for field := range e {
			if !strings.Contains(string(page), "`"+field+"`") {
				t.Errorf("docs/progress.md does not describe the field %q", field)
			}
		}
	}
	for _, kind := range []string{"about", "step", "message", "container", "gate", "transfer", "draining", "waiting"} {
		if !kinds[kind] || !strings.Contains(string(page), "`"+kind+"`") {
			t.Errorf("the kind %q: shown %t", kind, kinds[kind])
		}
	}
}

// What a probe and a build say is redacted, and harmless to a terminal.
func TestRedactedProgress(t *testing.T) {
	mask := new(redact.Redactor)
	mask.Add("hunter2hunter2")
	lines := watchPlain(t, 20*time.Second, func(p *plainProgress) {
		m := Redacted{p, mask}
		bad := starting("shop-api-1")
		bad.FailingStreak, bad.Probe = 1, "no login with hunter2hunter2\x1b[2J"
		v := waiting(time.Minute, bad)
		m.Gate(v)
		if v.Progress[0].Probe != bad.Probe {
			t.Error("the gate's own verdict was changed")
		}
		m.Transfer(model.Transfer{Image: "app:v5", Build: true, Done: 1, Total: 2, Words: "RUN echo hunter2hunter2"})
		m.Say("it is %s", "hunter2hunter2")
		m.Say("apart: %s", "hunter2\x00hunter2\n::error::x")
		bad.Probe = "apart: hunter2\x1bhunter2"
		m.Gate(waiting(time.Minute, bad))
	})
	if text := strings.Join(lines, "\n"); strings.Contains(text, "hunter2") || strings.ContainsAny(text, "\x1b\x00") || strings.Contains(text, "\n::") || strings.Count(text, "****") < 4 {
		t.Errorf("%q", text)
	}
}
