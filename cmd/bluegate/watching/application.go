package watching

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"bluegate/cmd/bluegate/config"
	"bluegate/cmd/bluegate/ui/progress"
	"bluegate/cmd/bluegate/wire"
	"bluegate/deploy"
	"bluegate/deploy/check"
	"bluegate/deploy/model"
	"bluegate/deploy/plan"
	"bluegate/deploy/redact"
	"bluegate/deploy/report"
	"bluegate/watch"
)

// application is the deployed application that is watched. It implements watch.Application and watch.Asker.
type application struct {
	options config.Options
	mask    *redact.Redactor
	shows   func(ctx context.Context) model.Progress // of a rollback, until ctx ends
	access  wire.Access
	store   wire.Store
	project string
	models  model.Application
	alone   askAlone

	asking sync.RWMutex // held while a check is asked: what it asks through is not closed meanwhile
	mu     sync.Mutex   // of one look at a time, and of what follows
	seen   deploy.Seen
	via    *deploy.Deployer // of the last whole look
	at     time.Time        // of the last whole look; zero: the next one is whole
	fresh  sync.Mutex
	stale  bool
	past   []watch.Deployment
}

// wholeEvery is how often nginx is asked again what it serves, and wholeWhenBad how often while it serves nothing. Events
// of the engine and deployments come in between.
const (
	wholeEvery   = 5 * time.Minute
	wholeWhenBad = 30 * time.Second
)

// newApplication connects to the engine and reads the Compose files.
func newApplication(ctx context.Context, options config.Options, mask *redact.Redactor, shows func(context.Context) model.Progress) (*application, error) {
	to, err := wire.Open(ctx, options)
	if err != nil {
		return nil, err
	}
	app, err := to.Stack.Load(ctx)
	if err != nil {
		return nil, err
	}
	return &application{
		options: options, mask: mask, shows: shows, access: to.Access, store: to.Store, project: app.Project, models: app,
		alone: newAskAlone(options), stale: true,
	}, nil
}

// Close removes what the checks needed.
func (a *application) Close(ctx context.Context) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.via == nil {
		return nil
	}
	return a.via.Close(ctx)
}

// end closes the application for a watch that ends. What is left is swept by the next deployment.
func (a *application) end(ctx context.Context) {
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	_ = a.Close(closing)
}

// Deploying implements watch.Application.
func (a *application) Deploying(ctx context.Context) (*watch.Deploying, error) {
	holder, err := a.store.Holder(ctx, a.project)
	if err != nil || holder == nil {
		return nil, err
	}
	return &watch.Deploying{Command: holder.Command, Release: holder.Release, By: holder.User + "@" + holder.Host, Since: holder.Since}, nil
}

// Look implements watch.Application. The lock is asked for first and last: a deployment may have begun or ended meanwhile.
func (a *application) Look(ctx context.Context) (watch.Look, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	before, err := a.Deploying(ctx)
	if err != nil {
		return watch.Look{}, err
	}
	if before != nil && a.via != nil { // what it changes is seen when it has ended
		a.setStale()
		a.seen, err = a.via.Again(ctx, a.seen)
	} else {
		err = a.look(ctx)
	}
	if err != nil {
		return watch.Look{}, err
	}
	after, err := a.Deploying(ctx)
	if err != nil {
		return watch.Look{}, err
	}
	l := a.shown()
	l.Deploying = after
	if after == nil {
		l.Deploying = before
	}
	return l, nil
}

// look lists the containers; if anything else may have changed, it asks nginx too. a.mu is held.
func (a *application) look(ctx context.Context) (err error) {
	limit := wholeEvery
	if a.seen.Live.Colour == model.None {
		limit = wholeWhenBad
	}
	if !a.takeStale() && a.via != nil && time.Since(a.at) < limit {
		a.seen, err = a.via.Again(ctx, a.seen)
		return err
	}
	if err = a.lookAtAll(ctx); err != nil {
		a.setStale()
	}
	return err
}

// lookAtAll asks as a new command would, and ends what the last look had started. a.mu is held.
func (a *application) lookAtAll(ctx context.Context) error {
	o := a.options
	o.Nginx.Unlocked = true
	via, err := wire.Connect(ctx, o, progress.Quiet{})
	if err != nil {
		return err
	}
	var more []check.Check
	for _, c := range a.throughEngine() {
		more = append(more, c.Check)
	}
	seen, err := via.Look(ctx, more)
	if err == nil {
		err = a.readPast(ctx, via)
	}
	if err != nil {
		return errors.Join(err, via.Close(context.WithoutCancel(ctx)))
	}
	a.asking.Lock()
	old := a.via
	a.via, a.seen, a.at = via, seen, time.Now()
	a.asking.Unlock()
	if old != nil {
		return old.Close(ctx)
	}
	return nil
}

// throughEngine are the checks of watch.checks that are asked from nginx or from a container.
func (a *application) throughEngine() []config.WatchCheck {
	return slices.DeleteFunc(slices.Clone(a.options.Watch.Checks), func(c config.WatchCheck) bool { return c.From == check.Client })
}

// readPast reads which deployments ended. A history that is damaged is replaced by the next deployment, and is no reason
// to see nothing else.
func (a *application) readPast(ctx context.Context, via *deploy.Deployer) error {
	_, records, err := via.Past(ctx)
	if model.Is[*model.UnreachableError](err) {
		return err
	}
	a.past = nil
	for _, rec := range records {
		d := watch.Deployment{
			ID: rec.Ended.UTC().Format("20060102T150405.000000") + "-" + rec.Release, Release: rec.Release, Command: rec.Command, From: rec.From, To: rec.To,
			Began: rec.Began, At: rec.Ended, Outcome: rec.Outcome, By: rec.By, Images: []watch.Image{}, Steps: []watch.Step{}, Reasons: []string{},
		}
		for _, img := range rec.Images {
			d.Images = append(d.Images, watch.Image{Service: img.Service, Ref: img.Image, Digest: img.Digest})
		}
		for _, step := range rec.Steps {
			d.Steps = append(d.Steps, watch.Step{Name: step.Name, Status: step.Status, Took: time.Duration(step.MS) * time.Millisecond})
		}
		for _, why := range rec.Reasons {
			d.Reasons = append(d.Reasons, a.mask.Text(redact.Sanitize(why.String())))
		}
		a.past = append(a.past, d)
	}
	return nil
}

// shown is what was seen, in the words of package watch. a.mu is held.
func (a *application) shown() watch.Look {
	l := watch.Look{Live: a.seen.Live.Colour, LiveBy: a.mask.Text(a.seen.Live.By), Deployments: a.past}
	if records := a.seen.Journal.Releases; len(records) > 0 && records[0].Colour == l.Live {
		l.Release = records[0].Release
	}
	switch a.seen.State {
	case report.StateDown:
		l.Problem = "nothing can serve users: " + a.seen.Live.By
	case report.StateUnknown, report.StateNothing:
		l.Doubt = a.seen.Live.By
	}
	for _, colour := range model.Colours {
		own := a.seen.Of(colour)
		problems := plan.HealthProblems(a.seen.Application.Models[colour], own)
		if colour == l.Live {
			problems = append(problems, a.unknownToNginx()...)
		}
		shown := watch.ColourState{Colour: colour, Live: colour == l.Live, Containers: []watch.ContainerState{}}
		for _, c := range own {
			shown.Containers = append(shown.Containers, a.containerState(c, problems))
			shown.Release = cmp.Or(shown.Release, c.Release)
		}
		for _, why := range problems {
			if shown.Live && why.ContainerID == "" && l.Problem == "" {
				l.Problem = why.String()
			}
		}
		l.Colours = append(l.Colours, shown)
	}
	if e := a.seen.Journal.Current; e.Waits() {
		l.Preview = &watch.Preview{Release: e.Release, Colour: e.To, Since: e.Preview.Since, Until: e.Preview.Until}
	}
	l.Questions = a.questions()
	return l
}

// unknownToNginx are the containers of the live colour that are healthy and get no request.
func (a *application) unknownToNginx() (problems []model.Reason) {
	for _, c := range a.seen.NotLoadedAddresses() {
		problems = append(problems, model.Reason{Service: c.Service, Container: c.Name, ContainerID: c.ID, Message: plan.NotLoadedAddress(a.seen.Route, c)})
	}
	return problems
}

func (a *application) containerState(c model.Container, problems []model.Reason) watch.ContainerState {
	s := watch.ContainerState{ID: c.ID, Service: c.Service, Name: c.Name, Image: c.Image, Digest: c.Digest, State: c.State, Health: c.Health, Restarts: c.Restarts}
	for _, why := range problems {
		if why.ContainerID == c.ID {
			s.Problem = why.Message
			if why.LastProbe != "" {
				s.Problem += "; the last probe: " + why.LastProbe
			}
			s.Problem = a.mask.Text(s.Problem)
		}
	}
	return s
}

// questions are the checks of the live colour, and those of watch.checks that are asked through the engine.
func (a *application) questions() (all []watch.Question) {
	more, names := a.throughEngine(), a.options.Watch.Names
	for _, q := range a.seen.Questions {
		one := watch.Question{Samples: 1, Check: q.Check, Container: q.Container, OfApplication: true}
		if q.Index < len(names) {
			one.Name = names[q.Index]
		} else {
			one.Name, one.Samples = more[q.Index-len(names)].Name, more[q.Index-len(names)].Samples
		}
		base := one.Name
		for n := 2; slices.ContainsFunc(all, func(other watch.Question) bool { return other.Name == one.Name }); n++ {
			one.Name = fmt.Sprintf("%s [%d]", base, n) // from another container of the service
		}
		all = append(all, one)
	}
	return all
}

// Ask implements watch.Asker.
func (a *application) Ask(ctx context.Context, q watch.Question) (check.Result, error) {
	if !q.OfApplication {
		return a.alone.Ask(ctx, q)
	}
	a.asking.RLock()
	defer a.asking.RUnlock()
	if a.via == nil {
		return check.Result{}, errors.New("the application was not seen yet")
	}
	result, err := a.via.Checks.Ask(ctx, q.From, q.Container, q.Request)
	if err != nil { // a deployment removes the helper that asks; the next look starts another one
		a.setStale()
	}
	return result, err
}

// Events implements watch.Application.
func (a *application) Events(ctx context.Context) <-chan struct{} {
	out := make(chan struct{}, 1)
	go func() {
		defer close(out)
		for e := range a.access.Events(ctx, a.models) {
			a.mu.Lock()
			nginx := a.seen.Route.ID
			a.mu.Unlock()
			switch {
			case e.ID == "", e.ID == nginx, e.Own && e.Made:
				a.setStale()
			case !e.Own:
				continue
			}
			select {
			case out <- struct{}{}:
			default:
			}
		}
	}()
	return out
}

// Restart implements watch.Application. What is live, and what is not healthy, is asked for again.
func (a *application) Restart(ctx context.Context, id string) (did string, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if deploying, err := a.Deploying(ctx); err != nil || deploying != nil {
		return "", err
	}
	if err := a.lookAtAll(ctx); err != nil {
		return "", err
	}
	for _, c := range a.seen.Of(a.seen.Live.Colour) {
		if c.ID != id {
			continue
		}
		for _, why := range plan.HealthProblems(a.seen.Application.Models[c.Colour], []model.Container{c}) {
			if why.ContainerID == id {
				return a.restart(ctx, c)
			}
		}
	}
	for _, c := range a.seen.NotLoadedAddresses() {
		if c.ID == id {
			a.setStale()
			return "made known to nginx, which was reloaded", a.refresh(ctx)
		}
	}
	return "", nil
}

// restart restarts a container, unless the Swarm does that by itself. If its address is another one afterwards, nginx is
// reloaded: it knows the addresses of its last reload.
func (a *application) restart(ctx context.Context, c model.Container) (did string, err error) {
	if a.options.Swarm {
		return "", nil
	}
	if err := a.access.Restart(ctx, c); err != nil {
		return "", err
	}
	seen, err := a.via.Again(ctx, a.seen)
	if err != nil {
		return "restarted", err
	}
	for _, now := range seen.Of(c.Colour) {
		if now.ID == c.ID && !maps.Equal(now.Addresses, c.Addresses) {
			return "restarted", a.refresh(ctx)
		}
	}
	return "restarted", nil
}

func (a *application) refresh(ctx context.Context) error {
	d, err := wire.Connect(ctx, a.options, progress.Quiet{})
	if err == nil {
		err = d.Refresh(ctx)
	}
	if err != nil {
		return fmt.Errorf("its address is another one since then, and nginx could not be reloaded, which still has the old one: %w", err)
	}
	return nil
}

// Rollback implements watch.Application: it is the command rollback.
func (a *application) Rollback(ctx context.Context, leaving string) (model.Outcome, string) {
	o := a.options
	o.Settings.Leaving = leaving
	shown, ended := context.WithCancel(context.WithoutCancel(ctx))
	defer ended()
	d, err := wire.Connect(ctx, o, a.shows(shown))
	if err != nil {
		return model.Unreachable, err.Error()
	}
	done := d.Rollback(ctx)
	a.setStale()
	a.mask.Apply(done)
	message := done.Message
	if done.Outcome == model.Promoted {
		message = fmt.Sprintf("%s is live again (release %s)", done.Live, done.Release)
	}
	for _, why := range done.Reasons {
		message = joined(message, why.String())
	}
	if done.Outcome == model.Malformed && a.otherLive(ctx, leaving) {
		return model.Locked, message
	}
	return done.Outcome, message
}

// EndPreview implements watch.Application: it is the command settle.
func (a *application) EndPreview(ctx context.Context) (model.Outcome, string) {
	shown, ended := context.WithCancel(context.WithoutCancel(ctx))
	defer ended()
	d, err := wire.Connect(ctx, a.options, a.shows(shown))
	if err != nil {
		return model.Unreachable, err.Error()
	}
	done := d.Settle(ctx)
	a.setStale()
	a.mask.Apply(done)
	message := done.Message
	for _, why := range done.Reasons {
		message = joined(message, why.String())
	}
	return done.Outcome, message
}

// otherLive says whether another release was made live meanwhile.
func (a *application) otherLive(ctx context.Context, than string) bool {
	j, err := a.store.Read(ctx, a.project)
	return err == nil && len(j.Releases) > 0 && j.Releases[0].Release != than
}

func joined(a, b string) string {
	if a == "" {
		return b
	}
	return a + "; " + b
}

// setStale makes the next look a whole one.
func (a *application) setStale() {
	a.fresh.Lock()
	defer a.fresh.Unlock()
	a.stale = true
}

func (a *application) takeStale() bool {
	a.fresh.Lock()
	defer a.fresh.Unlock()
	was := a.stale
	a.stale = false
	return was
}
