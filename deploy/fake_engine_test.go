package deploy

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"bluegate/deploy/check"
	"bluegate/deploy/gate"
	"bluegate/deploy/model"
)

// fakeEngine is an engine with an nginx on it, in memory. It outlives the processes that act on it: what a killed one left
// is there for the next. It writes down every call that changes it, and every rule that a call breaks.
type fakeEngine struct {
	requests     model.RequestSource // nil: nobody asks for them
	mu           sync.Mutex
	app          model.Application
	boxes        []*fakeContainer
	made         int
	tags         map[string]string // what the engine holds: reference -> image id
	before       map[string]string // tags as they were in the beginning
	registry     map[string]string
	loaded       map[string]bool        // image ids that came from no registry
	probes       map[string]*gate.Probe // the images' own healthchecks
	journal      []byte
	history      []model.HistoryRecord
	historyFails error
	archive      map[string][]model.RetainedContainer // what is held of releases that retired
	pruned       map[string]bool                      // image ids
	locks        map[string]*process
	helpers      map[*process]bool
	nginx        fakeNginx
	lives        map[string]life // by service or container; healthy after 2 s where nothing is said
	stable       time.Duration
	beside       bool     // the idle colour was left running
	paired       bool     // nginx's files name every service of either colour, for instance in an upstream of its own
	names        []string // that are held
	cannotHold   error
	cannotHelp   error // no executable is of the engine's architecture
	// couldRestart says that nginx could have been restarted before the last command.
	couldRestart bool

	nginxGone              bool  // the nginx that the journal speaks of
	allPulled              bool  // the engine says of every image that it came from a registry
	registrySilent         error // the registry cannot be asked
	pullFails, createFails error
	buildFails             error
	builds                 map[string]string // what building an image gives
	upFails                error             // after everything was started
	preStopFails           error             // a hook of whatever is stopped or removed
	upTakes                time.Duration
	stopTakes              time.Duration
	silent                 [2]time.Time // while the engine does not answer
	blind                  time.Time    // from when on a watcher sees nothing any more, and does not know it
	journalFails           error        // reading it
	answers                func(check.Request) check.Result

	lines   []string
	broken  []string
	cutting bool         // the user chose drain.then: stop
	spared  model.Colour // named by the configuration while nothing of it ran: the first deployment may take it back
	proven  map[model.Colour]bool
}

// fakeContainer is a container.
type fakeContainer struct {
	model.Container
	began   time.Time // zero: created and never started
	stopped time.Time
	life    life
}

// newFakeEngine is a shop of which blue is live and green was retired, with newer images of green in the registry.
func newFakeEngine() *fakeEngine {
	w := &fakeEngine{
		tags: map[string]string{}, registry: map[string]string{}, loaded: map[string]bool{}, locks: map[string]*process{},
		archive: map[string][]model.RetainedContainer{}, pruned: map[string]bool{}, helpers: map[*process]bool{}, lives: map[string]life{}, proven: map[model.Colour]bool{model.Blue: true}, stable: 5 * time.Second,
	}
	w.app = model.Application{Project: "shop", Models: map[model.Colour]model.Model{model.Blue: shopModel(model.Blue), model.Green: shopModel(model.Green)}}
	for _, colour := range model.Colours {
		for _, s := range w.app.Models[colour].Services {
			w.tags[s.Image] = "sha256:old-" + s.Name
			w.registry[s.Image] = "sha256:new-" + s.Name
			b := w.create(s, colour, "19991231T120000-0001")
			b.began = time.Now().Add(-time.Hour)
			if colour == model.Green {
				b.stopped = b.began
				b.RestartPol = "no"
			}
		}
	}
	w.before = maps.Clone(w.tags)
	text, err := json.Marshal(model.Journal{Version: model.JournalVersion, Past: []model.HistoryEntry{{Release: "19991231T120000-0001", Colour: model.Blue, Outcome: model.Refused}}})
	if err != nil {
		panic(err)
	}
	w.journal = text // that there was an earlier one
	w.nginx = fakeNginx{state: model.RouterRunning, disk: confOf(model.Blue), loaded: confOf(model.Blue), hold: 3 * time.Second}
	return w
}

func shopModel(colour model.Colour) model.Model {
	m := model.Model{Colour: colour, ComposeProject: "shop", Files: []string{"compose." + string(colour) + "-deploy.yml"}}
	for _, part := range []string{"was", "signal"} {
		name := part + "-" + string(colour)
		m.Services = append(m.Services, model.Service{
			Name: name, Key: part + "-{colour}", Image: "shop/" + name + ":latest", Replicas: 1, Hosts: []string{name}, Ports: []int{8080},
			Probe: &gate.Probe{Interval: time.Second, Timeout: time.Second, Retries: 3}, Place: m.Files[0] + ":3",
		})
	}
	return m
}

func (w *fakeEngine) create(s model.Service, colour model.Colour, release string) *fakeContainer {
	w.made++
	others := slices.DeleteFunc(slices.Clone(w.boxes), func(o *fakeContainer) bool { return o.Service != s.Name })
	name := fmt.Sprintf("shop-%s-%d", s.Name, 1+len(others))
	b := &fakeContainer{life: healthyAfter(2 * time.Second)}
	for _, key := range []string{s.Name, name} {
		if said, ok := w.lives[key]; ok {
			b.life = said // nil: starting for ever
		}
	}
	b.Container = model.Container{
		Colour: colour, Service: s.Name, Name: name, ID: fmt.Sprintf("id-%d", w.made), Image: s.Image, Digest: w.imageID(s.Image), Release: release,
		RestartPol: "always", Probe: s.Probe,
	}
	w.boxes = append(w.boxes, b)
	return b
}

// imageID is the image that a reference names: an id names itself.
func (w *fakeEngine) imageID(ref string) string {
	if strings.HasPrefix(ref, "sha256:") && !w.pruned[ref] {
		return ref
	}
	return w.tags[ref]
}

// wipe makes it an engine on which nothing was ever deployed.
func (w *fakeEngine) wipe() {
	w.boxes, w.proven = nil, map[model.Colour]bool{}
}

// stopAll is an engine that was restarted, and containers without a restart policy.
func (w *fakeEngine) stopAll() {
	for _, b := range w.boxes {
		b.stopped = b.began
	}
	w.proven = map[model.Colour]bool{}
}

func (b *fakeContainer) runs() bool {
	return !b.began.IsZero() && b.stopped.IsZero() && b.sample().State == gate.StateRunning
}

// sample is what the engine says of the container now.
func (b *fakeContainer) sample() gate.Sample { return b.sampleAt(time.Now()) }

func (b *fakeContainer) sampleAt(now time.Time) gate.Sample {
	s := gate.Sample{At: now, ID: b.ID, Name: b.Name, Service: b.Service, State: gate.StateCreated, StartedAt: b.began}
	if b.began.IsZero() {
		return s
	}
	s.State, s.Health = gate.StateRunning, gate.HealthStarting
	for _, m := range b.life {
		if !now.Before(b.began.Add(m.after)) {
			m.then(&s)
		}
	}
	if !b.stopped.IsZero() {
		s.State, s.Health, s.ExitCode, s.FinishedAt = gate.StateExited, gate.HealthUnhealthy, 143, b.stopped
	}
	return s
}

func (b *fakeContainer) inspect() model.Container {
	c := b.Container
	c.Sample = b.sample()
	c.State, c.Health, c.Running = string(c.Sample.State), string(c.Sample.Health), c.Sample.State == gate.StateRunning
	if p := c.Sample.LastProbe; p != nil && p.ExitCode != 0 {
		c.LastProbe = p.Output
	}
	return c
}

// life is what becomes of a container as time goes by.
type life []moment

type moment struct {
	after time.Duration
	then  func(*gate.Sample)
}

func healthyAfter(d time.Duration) life {
	return life{{d, func(s *gate.Sample) {
		s.Health, s.FailingStreak = gate.HealthHealthy, 0
		passed := s.StartedAt.Add(d)
		passed = passed.Add(s.At.Sub(passed).Truncate(time.Second)) // a probe every second
		s.LastProbe = &gate.ProbeResult{Start: passed, End: passed}
	}}}
}

func unhealthyAfter(d time.Duration, output string) life {
	return life{{d, func(s *gate.Sample) {
		s.Health, s.FailingStreak = gate.HealthUnhealthy, 3
		s.LastProbe = &gate.ProbeResult{Start: s.StartedAt.Add(d), End: s.StartedAt.Add(d), ExitCode: 1, Output: output}
		s.LastFailure = s.LastProbe.End
	}}}
}

func exitsAfter(d time.Duration, code int) life {
	return life{{d, func(s *gate.Sample) {
		s.State, s.Health, s.ExitCode, s.FinishedAt = gate.StateExited, gate.HealthUnhealthy, code, s.StartedAt.Add(d)
	}}}
}

// breaks notes a rule that was broken.
func (w *fakeEngine) breaks(format string, args ...any) {
	w.broken = append(w.broken, fmt.Sprintf(format, args...))
}

// end is asked before a container is stopped or removed: the first rule.
func (w *fakeEngine) end(name string) *fakeContainer {
	i := slices.IndexFunc(w.boxes, func(b *fakeContainer) bool { return b.Name == name })
	if i < 0 {
		return nil
	}
	b := w.boxes[i]
	if b.runs() && b.Colour != w.spared {
		for what, conf := range w.nginx.named() {
			if w.cutting && strings.HasPrefix(what, "old worker") {
				continue
			}
			if strings.Contains(conf, "-"+string(b.Colour)+":") {
				w.breaks("%s is stopped or removed while %s still names %s", b.Name, what, b.Colour)
			}
		}
	}
	return b
}

// serves is asked when nginx takes a configuration: what it names must have passed the gate, once.
func (w *fakeEngine) serves(conf string) {
	w.resolves("nginx took its configuration")
	for _, colour := range model.Colours {
		if !strings.Contains(conf, "-"+string(colour)+":") || w.proven[colour] {
			continue
		}
		w.proven[colour] = true
		for _, s := range w.app.Models[colour].Services {
			good := 0
			for _, b := range w.boxes {
				if now, then := b.sample(), b.sampleAt(time.Now().Add(-w.stable)); b.Service == s.Name && (isGood(now) && isGood(then) || s.Probe == nil && now.State == gate.StateRunning) {
					good++
				}
			}
			if good < s.Replicas {
				w.breaks("nginx serves %s, which did not pass the gate: %d of %d containers are good", s.Name, good, s.Replicas)
			}
		}
	}
}

// resolves is asked when nginx takes a configuration, and at the end of a command, when it could be restarted: it does not
// start while a name does not resolve, and passes requests to nobody while a name leads to the holder too.
func (w *fakeEngine) resolves(when string) {
	for _, what := range w.unresolved() {
		w.breaks("%s: %s", when, what)
	}
}

// unresolved says why nginx would not start, or would lose requests if it did.
func (w *fakeEngine) unresolved() (why []string) {
	if !w.paired {
		return nil
	}
	for _, colour := range model.Colours {
		for _, s := range w.app.Models[colour].Services {
			held := slices.Contains(w.names, s.Name)
			runs := slices.ContainsFunc(w.boxes, func(b *fakeContainer) bool { return b.Service == s.Name && b.runs() })
			switch {
			case !held && !runs:
				why = append(why, "host not found: "+s.Name)
			case held && runs && colour == colourIn(w.nginx.disk):
				why = append(why, s.Name+" leads to its container and to the holder")
			}
		}
	}
	return why
}

// looksFor is asked when a container starts: it may look for another service of its release, and must not find the holder.
func (w *fakeEngine) looksFor(b *fakeContainer) {
	for _, s := range w.app.Models[b.Colour].Services {
		if s.Name != b.Service && slices.Contains(w.names, s.Name) {
			w.breaks("%s starts while %s leads to the holder", b.Name, s.Name)
		}
	}
}

// restartable is asked at the end of a command.
func (w *fakeEngine) restartable() {
	live := colourIn(w.nginx.disk)
	if w.nginx.state == model.RouterRunning && live != model.None && len(w.running(live)) == 2 {
		w.resolves("after the command nginx was restarted")
	}
}

func isGood(s gate.Sample) bool {
	return s.State == gate.StateRunning && s.Health == gate.HealthHealthy && s.FailingStreak == 0
}

// unclean says what is left behind once all has come to rest.
func (w *fakeEngine) unclean() (left []string) {
	say := func(format string, args ...any) { left = append(left, fmt.Sprintf(format, args...)) }
	j := w.book()
	if j.Current != nil {
		say("the journal is open: %s", j.Current.Phase)
	}
	for name, p := range w.locks {
		if !p.dead { // a dead one's clears itself
			say("the lock %s is held", name)
		}
	}
	if len(w.helpers) > 0 {
		say("a helper runs")
	}
	for release := range w.archive {
		if !slices.ContainsFunc(j.Releases[:min(model.KeptReleases, len(j.Releases))], func(rec model.ReleaseRecord) bool { return rec.Release == release }) {
			say("release %s is kept for nothing", release)
		}
	}
	live := colourIn(w.nginx.disk)
	if w.nginx.state == model.RouterRunning && w.nginx.loaded != w.nginx.disk {
		say("nginx has not loaded what is on disk")
	}
	for _, b := range w.boxes {
		switch {
		case b.Colour == live && live != w.spared && !b.runs() && w.nginx.state == model.RouterRunning:
			say("%s of the live colour does not run", b.Name)
		case w.beside && b.Colour != live:
		case b.Colour != live && b.runs():
			say("%s runs and is not live", b.Name)
		case b.Colour == live && b.runs() && b.RestartPol != "always", b.Colour != live && live != model.None && b.RestartPol != "no":
			say("%s has restart policy %q, and live is %s", b.Name, b.RestartPol, live)
		}
	}
	for ref, id := range w.tags {
		passed := slices.ContainsFunc(j.Past, func(past model.HistoryEntry) bool {
			return past.Outcome.ExitCode() == 0 && strings.Contains(ref, "-"+string(past.Colour)+":")
		}) || slices.ContainsFunc(j.Brought, func(img model.PulledImage) bool { return img.ID == id })
		if id != w.before[ref] && !passed {
			say("image %s of a release that failed is still there", ref)
		}
	}
	return left
}

// live is the colour that users meet.
func (w *fakeEngine) live() model.Colour {
	if w.nginx.state != model.RouterRunning {
		return model.None
	}
	return colourIn(w.nginx.loaded)
}

func (w *fakeEngine) running(colour model.Colour) (names []string) {
	for _, b := range w.boxes {
		if b.Colour == colour && b.runs() {
			names = append(names, b.Name)
		}
	}
	return names
}

// book is the journal.
func (w *fakeEngine) book() (j model.Journal) {
	if w.journal != nil {
		if err := json.Unmarshal(w.journal, &j); err != nil {
			panic(err)
		}
	}
	return j
}
