package ui

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"bluegate/deploy/gate"
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
		failing.FailingStreak = 2
		p.Gate(waiting(time.Minute, starting("shop-was-green-1"), failing))
		time.Sleep(time.Second)
		p.Gate(waiting(5*time.Second, healthy("shop-was-green-1"), healthy("shop-signal-green-1")))
		p.Say("the %s is %d", "answer", 42)
	}),
		"   0.0s  lock",
		"   1.5s  up",
		"   1.5s  shop-signal-green-1: running, starting",
		"   2.5s  shop-was-green-1: running, starting",
		"   2.5s  shop-signal-green-1: running, starting (2 of 3 probes failed)",
		"   3.5s  shop-was-green-1: good: running, healthy",
		"   3.5s  shop-signal-green-1: good: running, healthy",
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
		"  60.0s  pull",
		"  80.0s  still at pull",
		" 100.0s  still at pull",
		" 105.0s  up",
		" 105.0s  shop-was-green-1: running, starting",
		" 105.0s  shop-b-1: running, starting",
		" 105.0s  shop-a-1: good: running, healthy",
		" 125.0s  still at up: waiting for shop-b-1 running, starting, shop-was-green-1 running, starting; decided within 1m10s",
		" 145.0s  still at up: waiting for shop-b-1 running, starting, shop-was-green-1 running, starting; decided within 50s",
		" 146.0s  shop-was-green-1: good: running, healthy",
		" 146.0s  shop-b-1: good: running, healthy",
		" 146.0s  drain",
		" 170.0s  still at drain",
	)
}

// During the bake, users are on the release already: no gate opens.
func TestBakeProgress(t *testing.T) {
	wantLines(t, watchPlain(t, 20*time.Second, func(p *plainProgress) {
		p.Step("bake")
		p.Gate(waiting(39*time.Second, healthy("shop-was-green-1")))
		time.Sleep(20 * time.Second)
	}),
		"   0.0s  bake",
		"   0.0s  shop-was-green-1: good: running, healthy",
		"  20.0s  still at bake; all are good; the bake passes in 19s unless one fails",
	)
	v := waiting(5*time.Second, healthy("shop-was-green-1"))
	if got := outlook("up", v, time.Now()); !strings.Contains(got, "the gate opens in 5s") {
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
	if last := lines[len(lines)-1]; !strings.HasSuffix(last, "still at abandon") {
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

// screen returns what a terminal shows of a live view. It interprets the two sequences that the view uses.
func screen(t *testing.T, width int, text string) []string {
	t.Helper()
	lines, row := []string{""}, 0
	for text != "" {
		switch m := escape.FindStringSubmatch(text); {
		case m != nil && m[2] == "A":
			var up int
			fmt.Sscan(m[1], &up)
			if row -= up; row < 0 {
				t.Fatalf("the cursor leaves the screen by %d lines", -row)
			}
			text = text[len(m[0]):]
		case m != nil:
			lines[row] = ""
			text = text[len(m[0]):]
		case text[0] == '\n':
			row++
			text = text[1:]
		case text[0] == '\r':
			text = text[1:]
		default:
			end := strings.IndexAny(text, "\n\r\x1b")
			if end < 0 {
				end = len(text)
			}
			lines[row] += text[:end]
			text = text[end:]
		}
		for len(lines) <= row {
			lines = append(lines, "")
		}
		if n := utf8.RuneCountInString(lines[row]); n >= width && strings.HasPrefix(lines[row], "         ") { // what is drawn over
			t.Fatalf("a line of %d columns wraps on a terminal of %d: %q", n, width, lines[row])
		}
	}
	return lines[:len(lines)-1]
}

var escape = regexp.MustCompile(`^\x1b\[(\d*)([AK])`)

func TestLiveView(t *testing.T) {
	for _, width := range []int{120, 80, 40} {
		synctest.Test(t, func(t *testing.T) {
			var out bytes.Buffer
			out.WriteString("$ bluegate deploy\n")
			ctx, cancel := context.WithCancel(t.Context())
			l := newTerminalProgress(ctx, &out, width, 24)
			l.Step("up")
			l.Gate(waiting(time.Minute, gate.Progress{Service: "was-green"}, starting("shop-signal-green-with-a-long-name-1")))
			time.Sleep(2500 * time.Millisecond) // it ticks
			l.Gate(waiting(time.Minute, starting("shop-was-green-1"), healthy("shop-signal-green-with-a-long-name-1")))
			time.Sleep(time.Second)
			l.Gate(waiting(5*time.Second, healthy("shop-was-green-1"), healthy("shop-signal-green-with-a-long-name-1")))
			l.Say("this is a message that is too long for a small terminal, so that it continues on the next line of the screen")
			l.Gate(gate.Verdict{Decision: gate.Open, Progress: []gate.Progress{healthy("shop-was-green-1"), healthy("shop-signal-green-with-a-long-name-1")}})
			l.Step("switch")
			cancel()
			synctest.Wait()
			lines := screen(t, width, out.String())
			if lines[0] != "$ bluegate deploy" || !strings.HasSuffix(lines[1], "  up") || !strings.HasSuffix(lines[len(lines)-1], "  switch") {
				t.Errorf("width %d:\n%s", width, strings.Join(lines, "\n"))
			}
			// A block is redrawn in place until a message is written below it.
			if n := strings.Count(strings.Join(lines, "\n"), "shop-was-green-1"); n != 2 {
				t.Errorf("width %d: the container stands there %d times:\n%s", width, n, strings.Join(lines, "\n"))
			}
			if width == 120 && !strings.Contains(lines[3], "decided within") && !strings.Contains(lines[3], "good: running, healthy") {
				t.Errorf("%q", lines[3])
			}
		})
	}
}

// If there are more containers than lines on the screen, those that are not good are shown.
func TestLiveViewOfMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		ctx, cancel := context.WithCancel(t.Context())
		l := newTerminalProgress(ctx, &out, 80, 10)
		var all []gate.Progress
		for range 50 {
			all = append(all, healthy("shop-was-green-1"))
		}
		l.Gate(waiting(time.Minute, append(all, starting("shop-last-green-1"))...))
		time.Sleep(2500 * time.Millisecond)
		cancel()
		synctest.Wait()
		lines := screen(t, 80, out.String())
		if len(lines) != 8 || !strings.Contains(lines[0], "shop-last-green-1") || !strings.Contains(lines[6], "and 45 more") {
			t.Errorf("%d lines:\n%s", len(lines), strings.Join(lines, "\n"))
		}
	})
}

func TestTerminal(t *testing.T) {
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, _, ok := terminalSize(file, unsetVariable); ok {
		t.Error("a file is taken for a terminal")
	}
	if _, _, ok := terminalSize(&bytes.Buffer{}, unsetVariable); ok {
		t.Error("a buffer is taken for a terminal")
	}
}

func TestSilence(t *testing.T) {
	var s Quiet
	s.Step("x")
	s.Say("%d", 1)
	s.Gate(gate.Verdict{})
}
