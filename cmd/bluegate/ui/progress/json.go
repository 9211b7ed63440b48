package progress

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"

	"bluegate/deploy/gate"
	"bluegate/deploy/model"
)

// Event is one line of --progress json. docs/progress.md describes the kinds.
type Event struct {
	Time  time.Time `json:"time"`
	Event string    `json:"event"` // about, step, message, container, gate, transfer, draining, waiting

	Step    string `json:"step,omitempty"`
	Message string `json:"message,omitempty"`

	Command  string                  `json:"command,omitempty"`
	Project  string                  `json:"project,omitempty"`
	Release  string                  `json:"release,omitempty"`
	Live     model.Colour            `json:"live,omitempty"`
	From     model.Colour            `json:"from,omitempty"`
	To       model.Colour            `json:"to,omitempty"`
	Versions map[model.Colour]string `json:"versions,omitempty"`
	Ahead    []string                `json:"ahead,omitempty"`

	Service       string `json:"service,omitempty"`
	Container     string `json:"container,omitempty"`
	State         string `json:"state,omitempty"`
	Health        string `json:"health,omitempty"`
	Good          bool   `json:"good,omitempty"`
	FailingStreak int    `json:"failing_streak,omitempty"`
	Retries       int    `json:"retries,omitempty"`
	Probe         string `json:"probe,omitempty"`

	Decision string     `json:"decision,omitempty"`
	Until    *time.Time `json:"until,omitempty"`

	Image string `json:"image,omitempty"`
	Build bool   `json:"build,omitempty"`
	Done  int64  `json:"done,omitempty"`
	Total int64  `json:"total,omitempty"`
	Ended bool   `json:"ended,omitempty"`

	Workers     int `json:"workers,omitempty"`
	Connections int `json:"connections,omitempty"`
}

// jsonPause is the pause between two lines about the same pull or drain.
const jsonPause = time.Second

// jsonProgress writes one JSON object for each event.
type jsonProgress struct {
	mu    sync.Mutex
	out   io.Writer
	step  string
	last  time.Time
	lines map[string]string    // the last line of a kind, by what it is about: a line is written when it differs
	told  map[string]time.Time // when that was written
}

var _ model.Progress = (*jsonProgress)(nil)

func newJSONProgress(ctx context.Context, out io.Writer, every time.Duration) *jsonProgress {
	p := &jsonProgress{out: out, last: time.Now(), lines: map[string]string{}, told: map[string]time.Time{}}
	go beatEvery(ctx, every, func() { p.beat(every) })
	return p
}

func (p *jsonProgress) beat(every time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.step != "" && time.Since(p.last) >= every {
		p.write(Event{Event: "waiting"})
	}
}

// write writes an event, which is of the step that runs; the mutex is held.
func (p *jsonProgress) write(e Event) {
	e.Time, e.Step = time.Now(), p.step
	p.last = e.Time
	encoder := json.NewEncoder(p.out)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(e)
}

// writeNew writes an event if it differs from the last one about the same, after a pause.
func (p *jsonProgress) writeNew(e Event, about string, pause time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	text, err := json.Marshal(e)
	about = e.Event + " " + about
	if err != nil || p.lines[about] == string(text) || time.Since(p.told[about]) < pause {
		return
	}
	p.lines[about], p.told[about] = string(text), time.Now()
	p.write(e)
}

func (p *jsonProgress) About(o model.Overview) {
	p.writeNew(Event{Event: "about", Command: o.Command, Project: o.Project, Release: o.Release, Live: o.Live, From: o.From, To: o.To, Versions: o.Versions, Ahead: o.Ahead}, "", 0)
}

func (p *jsonProgress) Step(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.step, p.lines, p.told = name, map[string]string{"about ": p.lines["about "]}, map[string]time.Time{}
	p.write(Event{Event: "step"})
}

func (p *jsonProgress) Say(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.write(Event{Event: "message", Message: fmt.Sprintf(format, args...)})
}

func (p *jsonProgress) Gate(v gate.Verdict) {
	for _, c := range v.Progress {
		if c.Name == "" {
			continue
		}
		p.writeNew(Event{Event: "container", Service: c.Service, Container: c.Name, State: string(c.State), Health: string(c.Health), Good: c.Good,
			FailingStreak: c.FailingStreak, Retries: c.Retries, Probe: c.Probe}, c.Name, 0)
	}
	e := Event{Event: "gate", Decision: string(v.Decision)}
	if !v.Next.IsZero() {
		e.Until = &v.Next
	}
	p.writeNew(e, "", 0)
}

func (p *jsonProgress) Transfer(t model.Transfer) {
	pause := jsonPause
	if t.Ended || t.Build {
		pause = 0
	}
	p.writeNew(Event{Event: "transfer", Image: t.Image, Build: t.Build, Done: t.Done, Total: t.Total, Message: t.Words, Ended: t.Ended}, t.Image, pause)
}

func (p *jsonProgress) Draining(left model.DrainStatus, until time.Time) {
	open := 0
	for _, o := range left.Open {
		open += o.Connections
	}
	p.writeNew(Event{Event: "draining", Workers: left.Workers, Connections: open, Until: &until, Message: left.String()}, "", jsonPause)
}
