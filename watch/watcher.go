package watch

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"bluegate/watch/verdict"
)

// Watcher looks at an application until its context ends. Its fields are set before Run.
type Watcher struct {
	Settings
	Asker     Asker
	Questions []Question  // that do not depend on the application
	App       Application // nil: there is none
	History   Recorder
	Notifier  Notifier
	Self      *Self
	// Say is a sentence for a person who reads along.
	Say func(format string, args ...any)
	// Mask hides secrets in a text.
	Mask func(text string) string

	mu      sync.Mutex
	state   State
	readers Subscribers
	slots   chan struct{}
	running map[string]*measured
	healing healed
	trouble map[string]string

	// Of the goroutine that looks at the application.
	known    map[string]bool // deployments that are in the history
	restarts map[string]int  // of containers, at the last look
	judged   time.Time       // the last look that was a measurement
	acting   atomic.Bool     // healing is at work
	preview  ended           // of the goroutine that acts
}

var _ Reader = (*Watcher)(nil)

// atOnce is how many measurements run at the same time.
const atOnce = 64

// measured is a check that is measured again and again, by one goroutine.
type measured struct {
	track *verdict.Track
	stop  context.CancelFunc
	mu    sync.Mutex
	q     Question
}

// Run watches until ctx ends. It measures every check at once, and then every Every.
func (w *Watcher) Run(ctx context.Context) error {
	if err := w.start(ctx); err != nil {
		return err
	}
	var work sync.WaitGroup
	defer work.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	work.Go(func() {
		for range w.History.Subscribe(ctx) { // entries of other processes
			w.readers.Signal()
		}
	})
	for _, q := range w.Questions {
		if err := w.begin(ctx, &work, q); err != nil {
			return err
		}
	}
	if w.App != nil {
		if err := w.track(ctx, Live); err != nil {
			return err
		}
		w.watchApplication(ctx, &work)
	}
	<-ctx.Done()
	return nil
}

// start reads what an earlier process has kept.
func (w *Watcher) start(ctx context.Context) error {
	w.mu.Lock()
	w.slots, w.running, w.known, w.trouble = make(chan struct{}, atOnce), map[string]*measured{}, map[string]bool{}, map[string]string{}
	w.state = State{Project: w.Project, Started: time.Now(), LiveBy: "not looked yet", Colours: []ColourState{}, Checks: []CheckState{}, Trouble: []string{}}
	if w.App == nil {
		w.state.LiveBy = "there is no application: only watch.checks is set"
	}
	w.mu.Unlock()
	text, err := w.History.Kept(ctx, healingKey)
	if err != nil {
		return err
	}
	if text == "" {
		return nil
	}
	return json.Unmarshal([]byte(text), &w.healing)
}

// begin measures a check again and again, or changes the question of one that is measured already.
func (w *Watcher) begin(ctx context.Context, work *sync.WaitGroup, q Question) error {
	w.mu.Lock()
	m := w.running[q.Name]
	w.mu.Unlock()
	if m != nil {
		m.mu.Lock()
		m.q = q
		m.mu.Unlock()
		w.describe(q)
		return nil
	}
	if err := w.track(ctx, q.Name); err != nil {
		return err
	}
	w.describe(q)
	ctx, stop := context.WithCancel(ctx)
	w.mu.Lock()
	m = w.running[q.Name]
	m.q, m.stop = q, stop
	w.mu.Unlock()
	work.Go(func() { w.repeat(ctx, m) })
	return nil
}

// track begins with the verdict that the history has, so that nothing is told twice.
func (w *Watcher) track(ctx context.Context, name string) error {
	kept := verdict.Unknown
	last, err := w.History.LastChange(ctx, name)
	if err != nil {
		return err
	}
	c := CheckState{Check: Check{Name: name, Kind: "docker", Target: "the health of the live colour", Every: w.Every}, Verdict: kept}
	if last != nil {
		kept = last.To
		c.Verdict, c.Since, c.Why = last.To, last.Since, last.Why
	}
	settings := verdict.Settings{DownAfter: w.DownAfter, UpAfter: w.UpAfter}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.running[name] = &measured{track: verdict.NewTrack(settings, kept)}
	w.state.Checks = append(slices.Clone(w.state.Checks), c)
	return nil
}

// describe shows what a check asks.
func (w *Watcher) describe(q Question) {
	d := q.describe(w.Every)
	d.Target = w.mask(d.Target)
	w.mu.Lock()
	known := w.state.check(q.Name).Check == d
	w.mu.Unlock()
	if !known {
		w.update(func(s *State) { s.check(q.Name).Check = d })
	}
}

// repeat measures one check until ctx ends. A measurement that takes longer than the interval delays the next one: a
// check never runs next to itself.
func (w *Watcher) repeat(ctx context.Context, m *measured) {
	for ctx.Err() == nil {
		began := time.Now()
		m.mu.Lock()
		q := m.q
		m.mu.Unlock()
		select {
		case w.slots <- struct{}{}:
		case <-ctx.Done():
			return
		}
		w.round(ctx, m.track, q)
		<-w.slots
		if !pause(ctx, jitter(w.Every)-time.Since(began)) {
			return
		}
	}
}

// jitter is an interval that varies by 10 %, so that checks do not run in step.
func jitter(every time.Duration) time.Duration {
	return every - every/10 + time.Duration(rand.Int64N(int64(every)/5+1))
}

// round makes the samples of one time. One that is bad makes all of them bad.
func (w *Watcher) round(ctx context.Context, track *verdict.Track, q Question) {
	var worst measurement
	for i := range max(q.Samples, 1) {
		m := w.excused(ctx, track, q, measure(ctx, w.Asker, q))
		if ctx.Err() != nil {
			return
		}
		m.Said, m.warning = w.mask(m.Said), w.mask(m.warning)
		w.History.Add(m.Sample)
		if i == 0 || rankOf(m.Result) >= rankOf(worst.Result) {
			worst = m
		}
	}
	in := verdict.Input{At: worst.At, Result: worst.Result, Took: worst.Took, Warning: worst.warning, Why: worst.Said, Latency: q.Latency}
	w.judge(ctx, track, worst.Sample, in)
}

func rankOf(r verdict.Result) int {
	return slices.Index([]verdict.Result{verdict.Good, verdict.Unmeasured, verdict.Bad, verdict.Paused}, r)
}

// excused says what a bad result is worth: during a deployment nothing is decided, and before a check is down the process
// looks at itself.
func (w *Watcher) excused(ctx context.Context, track *verdict.Track, q Question, m measurement) measurement {
	if m.Result == verdict.Good {
		return m
	}
	if q.OfApplication && w.App != nil {
		switch deploying, err := w.App.Deploying(ctx); {
		case err != nil:
			m.Result, m.Said = verdict.Unmeasured, err.Error()
			return m
		case deploying != nil:
			m.Result = verdict.Paused
			return m
		}
	}
	if m.Result == verdict.Bad && w.Self != nil && track.Doubtful() {
		if err := w.Self.Look(ctx); err != nil {
			m.Result, m.Said = verdict.Unmeasured, err.Error()
		}
	}
	return m
}

// judge adds a result to the verdict of a check, shows it, and records a change.
func (w *Watcher) judge(ctx context.Context, track *verdict.Track, s Sample, in verdict.Input) {
	c, changed := track.Add(in)
	now := time.Now()
	var change Change
	if changed {
		change = Change{ID: NewID(now), Subject: s.Check, From: c.From, To: c.To, At: now, Why: c.Why, Since: c.Since}
		w.record(ctx, change)
	}
	w.update(func(st *State) {
		state := st.check(s.Check)
		state.Last = &s
		if changed {
			state.Verdict, state.Since, state.Why = change.To, change.Since, change.Why
		}
	})
}

// record writes a change, and the event if people are to be told.
func (w *Watcher) record(ctx context.Context, c Change) {
	e := w.eventOf(ctx, c)
	var targets []string
	if e != nil {
		targets = w.Notifier.Targets(*e)
	}
	if err := w.History.Record(ctx, c, e, targets); err != nil {
		w.suffer("history", err.Error())
		return
	}
	w.suffer("history", "")
	w.say("%s: %s → %s%s", c.Subject, c.From, c.To, because(c.Why))
	w.Notifier.Wake()
}

// eventOf is what people may be told of a change; nil: nothing. The first verdict of a check is news only if it is bad, and
// what was not measured for a while is news only if it is not as it was before.
func (w *Watcher) eventOf(ctx context.Context, c Change) *Event {
	e := &Event{ID: c.ID, Project: w.Project, Subject: c.Subject, At: c.At, Since: c.Since, Why: c.Why}
	open := w.openIncident(ctx, c)
	switch c.To {
	case Down:
		e.Kind = EventDown
	case Degraded:
		e.Kind = EventDegraded
	case Unknown:
		e.Kind = EventUnknown
	case Healthy:
		if open == nil {
			return nil
		}
		e.Kind, e.Lasted = EventUp, c.Since.Sub(open.Began)
	}
	if c.From == Unknown && open != nil && open.Worst == c.To {
		return nil
	}
	return e
}

// openIncident is the failure of a check that lasts when a change comes; nil: there is none.
func (w *Watcher) openIncident(ctx context.Context, c Change) *Incident {
	all, err := w.History.Changes(ctx, c.At.AddDate(0, 0, -90), c.At)
	if err != nil {
		return nil
	}
	open := slices.DeleteFunc(Incidents(all), func(i Incident) bool { return i.Subject != c.Subject || !i.Ended.IsZero() })
	if len(open) == 0 {
		return nil
	}
	return &open[len(open)-1]
}

func because(why string) string {
	if why == "" {
		return ""
	}
	return ": " + why
}

func (w *Watcher) say(format string, args ...any) {
	if w.Say != nil {
		w.Say(format, args...)
	}
}

func (w *Watcher) mask(text string) string {
	if w.Mask == nil {
		return text
	}
	return w.Mask(text)
}
