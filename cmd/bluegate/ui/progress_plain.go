package ui

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

// plainProgress writes a line for each change, and a heartbeat if nothing changes: a CI runner ends jobs without
// output.
type plainProgress struct {
	mu      sync.Mutex
	out     io.Writer
	began   time.Time
	step    string
	last    time.Time
	states  map[string]string
	verdict gate.Verdict
}

var _ model.Progress = (*plainProgress)(nil)

func newPlainProgress(ctx context.Context, out io.Writer, heartbeat time.Duration) *plainProgress {
	p := &plainProgress{out: out, began: time.Now(), last: time.Now(), states: map[string]string{}}
	go p.beat(ctx, heartbeat)
	return p
}

func (p *plainProgress) beat(ctx context.Context, every time.Duration) {
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

func (p *plainProgress) waiting() string {
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

// line must be called with the lock held.
func (p *plainProgress) line(format string, args ...any) {
	p.last = time.Now()
	fmt.Fprintf(p.out, "%6.1fs  %s\n", time.Since(p.began).Seconds(), fmt.Sprintf(format, args...))
}

func (p *plainProgress) Step(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.step = name
	p.states, p.verdict = map[string]string{}, gate.Verdict{} // from an earlier step
	p.line("%s", name)
}

func (p *plainProgress) Say(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.line(format, args...)
}

func (p *plainProgress) Gate(v gate.Verdict) {
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
