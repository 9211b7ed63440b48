package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"bluegate/deploy/gate"
	"bluegate/deploy/model"
)

// silence is the progress of --quiet.
type silence struct{}

func (silence) Step(string)        {}
func (silence) Say(string, ...any) {}
func (silence) Gate(gate.Verdict)  {}

// plain writes one line when something has changed, and a heartbeat when nothing has: a CI runner ends jobs that are
// silent for long.
type plain struct {
	mu      sync.Mutex
	out     io.Writer
	began   time.Time
	step    string
	last    time.Time
	states  map[string]string
	verdict gate.Verdict
}

func newPlain(ctx context.Context, out io.Writer, heartbeat time.Duration) *plain {
	p := &plain{out: out, began: time.Now(), last: time.Now(), states: map[string]string{}}
	go p.beat(ctx, heartbeat)
	return p
}

var _ model.Progress = (*plain)(nil)

func (p *plain) beat(ctx context.Context, every time.Duration) {
	ticker := time.NewTicker(every / 4)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		p.mu.Lock()
		if p.step != "" && time.Since(p.last) >= every {
			p.line("still at %s%s", p.step, p.waiting())
		}
		p.mu.Unlock()
	}
}

func (p *plain) waiting() string {
	var parts []string
	for name, state := range p.states {
		if !strings.HasPrefix(state, "good") {
			parts = append(parts, name+" "+state)
		}
	}
	slices.Sort(parts)
	text := ""
	if len(parts) > 0 {
		text = ": waiting for " + strings.Join(parts, ", ")
	}
	if outlook := outlook(p.step, p.verdict, time.Now()); outlook != "" {
		text += "; " + outlook
	}
	return text
}

// outlook says what a step waits for that watches containers, and how long it may take; empty once it has decided. The gate
// is shut until it opens; in the bake users are on the release already.
func outlook(step string, v gate.Verdict, now time.Time) string {
	if v.Decision != gate.Waiting {
		return ""
	}
	left := max(v.Next.Sub(now), 0).Round(time.Second)
	if slices.ContainsFunc(v.Progress, func(c gate.Progress) bool { return !c.Good }) {
		return fmt.Sprintf("decided in %s at the latest", left)
	}
	if step == "bake" {
		return fmt.Sprintf("all are good; the bake has passed in %s if they stay so", left)
	}
	return fmt.Sprintf("all are good; the gate opens in %s if they stay so", left)
}

// line is called with the lock held.
func (p *plain) line(format string, args ...any) {
	p.last = time.Now()
	fmt.Fprintf(p.out, "%6.1fs  %s\n", time.Since(p.began).Seconds(), fmt.Sprintf(format, args...))
}

func (p *plain) Step(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.step = name
	p.states, p.verdict = map[string]string{}, gate.Verdict{} // what an earlier step waited for is decided
	p.line("%s", name)
}

func (p *plain) Say(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.line(format, args...)
}

func (p *plain) Gate(v gate.Verdict) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.verdict = v
	for _, c := range v.Progress {
		name, state := describe(c)
		if c.Name != "" && p.states[name] != state {
			p.states[name] = state
			p.line("%s: %s", name, state)
		}
	}
}

// describe says how one container is; a name that has not come yet is that of its service.
func describe(c gate.Progress) (name, state string) {
	name, state = c.Name, string(c.State)
	if name == "" {
		return c.Service, "not created yet"
	}
	if c.Health != gate.HealthNone {
		state += ", " + string(c.Health)
	}
	if c.FailingStreak > 0 {
		state += fmt.Sprintf(" (%d of %d probes failed)", c.FailingStreak, c.Retries)
	}
	if c.Good {
		state = "good: " + state
	}
	return name, state
}
