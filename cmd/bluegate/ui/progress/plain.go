package progress

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"bluegate/cmd/bluegate/ui/style"
	"bluegate/deploy/gate"
	"bluegate/deploy/model"
)

// The pauses between two lines about the same pull or drain.
const (
	sayTransfer = 10 * time.Second
	sayDrain    = 2 * time.Second
)

// plainProgress writes a line for each change, and a heartbeat if nothing changes: a CI runner ends jobs without
// output.
type plainProgress struct {
	mu      sync.Mutex
	out     io.Writer
	began   time.Time
	about   model.Overview
	step    string
	last    time.Time
	states  map[string]string
	verdict gate.Verdict
	told    map[string]time.Time // when a line about a pull or a drain was written last
}

var _ model.Progress = (*plainProgress)(nil)

func newPlainProgress(ctx context.Context, out io.Writer, every time.Duration) *plainProgress {
	p := &plainProgress{out: out, began: time.Now(), last: time.Now(), states: map[string]string{}, told: map[string]time.Time{}}
	go beatEvery(ctx, every, func() { p.beat(every) })
	return p
}

func (p *plainProgress) beat(every time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.step != "" && time.Since(p.last) >= every {
		p.line("still %s%s", style.Words(p.step, p.about), p.waiting())
	}
}

func (p *plainProgress) waiting() string {
	var parts []string
	for _, c := range p.verdict.Progress {
		if name, state := describe(c); !c.Good && p.verdict.Decision == gate.Waiting {
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

// describe returns the name and the state of one container; before it exists, the name of its service.
func describe(c gate.Progress) (name, state string) {
	if c.Name == "" {
		return c.Service, "not created yet"
	}
	state = condition(c)
	if words := failing(c); words != "" {
		state += " (" + words + ")"
	}
	return c.Name, state
}

// line must be called with the lock held.
func (p *plainProgress) line(format string, args ...any) {
	p.last = time.Now()
	fmt.Fprintf(p.out, "%6.1fs  %s\n", time.Since(p.began).Seconds(), fmt.Sprintf(format, args...))
}

// often says whether a line about a thing was written within a pause, and notes that one is written now if not.
func (p *plainProgress) often(about string, pause time.Duration) bool {
	if time.Since(p.told[about]) < pause {
		return true
	}
	p.told[about] = time.Now()
	return false
}

// About writes the versions once they are known.
func (p *plainProgress) About(o model.Overview) {
	p.mu.Lock()
	defer p.mu.Unlock()
	was := p.about
	p.about = o
	if o.To == model.None || was.To == o.To && was.Versions[o.To] == o.Versions[o.To] {
		return
	}
	if o.From == model.None {
		p.line("%s: %s is to become live", o.Project, style.Named(o.To, o.Versions))
		return
	}
	p.line("%s: %s is live, %s is to take over", o.Project, style.Named(o.From, o.Versions), style.Named(o.To, o.Versions))
}

func (p *plainProgress) Step(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.step = name
	p.states, p.verdict = map[string]string{}, gate.Verdict{} // from an earlier step
	p.told = map[string]time.Time{"drain": time.Now()}
	p.line("%s", style.Words(name, p.about))
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
			if c.Probe != "" && !c.Good {
				state += ": " + c.Probe
			}
			p.line("%s: %s", name, state)
		}
	}
}

func (p *plainProgress) Transfer(t model.Transfer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	doing, did := "pulling", "pulled"
	if t.Build {
		doing, did = "building", "built"
	}
	switch {
	case t.Ended && t.Total > 0 && !t.Build:
		p.line("%s %s (%s)", did, t.Image, style.Size(t.Total))
	case t.Ended:
		p.line("%s %s", did, t.Image)
	case t.Build && t.Total > 0:
		p.line("%s %s: step %d of %d: %s", doing, t.Image, t.Done, t.Total, t.Words)
	case p.often(t.Image, sayTransfer):
	case t.Total > 0:
		p.line("%s %s: %s", doing, t.Image, style.Size(t.Done, t.Total))
	default:
		p.line("%s %s", doing, t.Image)
	}
}

func (p *plainProgress) Draining(left model.DrainStatus, until time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.often("drain", sayDrain) {
		p.line("draining %s: %s; %s at most", p.about.Nginx, left, style.Shortly(time.Until(until)))
	}
}
