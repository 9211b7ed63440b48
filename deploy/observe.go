package deploy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"bluegate/deploy/model"
)

// observe asks the engine and nginx what is true. Nothing is changed.
func (r *run) observe(ctx context.Context) error {
	var err error
	for _, colour := range model.Colours {
		images, err := r.Stack.Images(ctx, r.app.Models[colour])
		if err != nil {
			return err
		}
		r.app.Models[colour] = r.app.Models[colour].WithImages(images)
	}
	r.dir = model.NewAddresses(r.app)
	if r.containers, err = r.Stack.Containers(ctx, r.app); err != nil {
		return err
	}
	r.dir = r.dir.WithContainers(r.containers)
	see := r.see
	if r.journal.Current != nil { // what is not loaded may be what a killed run has written
		see = func(ctx context.Context) (model.Route, error) { return r.Router.Observe(ctx, r.dir) }
	}
	if r.route, err = see(ctx); err != nil {
		return err
	}
	if err := r.ownJournal(ctx); err != nil {
		return err
	}
	r.route.Refusal = r.startFirst(r.route.Refusal)
	r.report.Containers = r.containers
	if r.report.Containers == nil {
		r.report.Containers = []model.Container{}
	}
	r.note(r.route.Findings...)
	r.noteJournalLost()
	r.report.Live, r.report.LiveBy = r.live()
	return nil
}

// noteJournalLost says that there was a journal and is none any more: bluegate's label on a container tells of it. A release
// that is under way writes the journal before its containers are created.
func (r *run) noteJournalLost() {
	if r.journal.Version == 0 || r.journal.Current != nil || len(r.journal.Past)+len(r.journal.Releases) > 0 { // the first: it could not be read
		return
	}
	i := slices.IndexFunc(r.containers, func(c model.Container) bool { return c.Release != "" })
	if i < 0 {
		return
	}
	r.note(model.Finding{
		Code: "journal-lost", Place: r.containers[i].Name,
		Message: fmt.Sprintf("the journal of %s was removed: %s is of release %s, and no journal tells of it (`docker container prune` and `docker system prune` remove one that an older bluegate wrote)", r.app.Project, r.containers[i].Name, r.containers[i].Release),
		Cost:    "what a killed deployment left is not settled, and there is no release that rollback could go back to",
	})
}

// see asks nginx where traffic goes. What another project's switch has written and not signalled yet looks like an edit by
// hand: that switch is waited for, and nginx is asked again. A run that holds no lock only looks, and waits for nobody.
func (r *run) see(ctx context.Context) (model.Route, error) {
	route, err := r.Router.Observe(ctx, r.dir)
	if err != nil || !notLoaded(route.Refusal) || r.lease == nil {
		return route, err
	}
	r.route.ID = route.ID
	err = r.throughNginx(ctx, func(ctx context.Context) (err error) {
		route, err = r.Router.Observe(ctx, r.dir)
		return err
	})
	return route, err
}

// rehearsal is what came of testing the coming configuration.
type rehearsal struct {
	err        error
	unreleased error // nginx's lock was not given back
}

// rehearse tests the coming configuration, as see does. It may run next to the gate: it changes nothing of the run.
func (r *run) rehearse(ctx context.Context, started <-chan struct{}) (done rehearsal) {
	if r.route.State == model.RouterAbsent {
		return done
	}
	done.err = r.Router.Rehearse(ctx, r.change, started)
	if !notLoaded(done.err) || r.lease == nil {
		return done
	}
	lease, err := r.lockNginx(ctx)
	if err != nil {
		return rehearsal{err: err}
	}
	ctx, cancel := holding(ctx, lease)
	defer cancel()
	done.err = r.Router.Rehearse(ctx, r.change, started)
	done.unreleased = lease.Release(context.WithoutCancel(ctx))
	return done
}

// take notes what a rehearsal left, and is its error.
func (done rehearsal) take(r *run) error {
	r.noteUnreleased(done.unreleased)
	return done.err
}

// notLoaded says that a refusal is of a file that nginx has not loaded.
func notLoaded(refusal error) bool {
	return slices.ContainsFunc(model.ReasonsOf(refusal), func(why model.Reason) bool { return why.Code == model.ConfigNotLoaded })
}

// startFirst adds to the refusal of a file that nginx has not loaded what comes before a reload, where the file names a
// colour that does not run: nginx loads no name that does not resolve.
func (r *run) startFirst(refusal error) error {
	colour := r.route.Names
	if colour == model.None || !notLoaded(refusal) || r.runs(colour) {
		return refusal
	}
	var names []string
	for _, c := range r.of(colour) {
		names = append(names, c.Name)
	}
	what := fmt.Sprintf("no container of %s, which it names, is there, so that a reload would fail: undo the change", colour)
	if len(names) > 0 {
		what = fmt.Sprintf("%s, which it names, does not run, so that a reload would fail: undo the change, or first run `docker start %s` and wait until it is healthy", colour, strings.Join(names, " "))
	}
	e := &model.RefusedError{Reasons: slices.Clone(model.ReasonsOf(refusal))}
	for i := range e.Reasons {
		if e.Reasons[i].Code == model.ConfigNotLoaded {
			e.Reasons[i].Message += "; " + what
		}
	}
	return e
}

// live is the colour that nginx's configuration names and whose containers run, and how that is known.
func (r *run) live() (model.Colour, string) {
	named := r.route.Names
	switch {
	case r.route.State == model.RouterAbsent && r.route.Missing != nil:
		return model.None, r.route.Missing.String()
	case r.route.State == model.RouterAbsent:
		return model.None, "no nginx was found"
	case named == model.None && r.route.Refusal != nil:
		return model.None, fmt.Sprintf("which colour the configuration of %s makes live cannot be told", r.route.Nginx)
	case named == model.None:
		return model.None, fmt.Sprintf("the configuration of %s names neither colour", r.route.Nginx)
	case !r.runs(named):
		return model.None, fmt.Sprintf("the configuration of %s names %s, of which no container runs", r.route.Nginx, named)
	case notLoaded(r.route.Refusal):
		return model.None, fmt.Sprintf("the configuration of %s names %s, but that is not what it runs", r.route.Nginx, named)
	case r.route.State == model.RouterStopped:
		return model.None, fmt.Sprintf("the configuration of %s names %s, but nginx does not run", r.route.Nginx, named)
	}
	if len(r.route.Points) == 0 { // where whole files are switched, what they are tells it
		return named, fmt.Sprintf("the configuration of %s is %s's and its containers run", r.route.Nginx, named)
	}
	p := r.route.Points[0]
	return named, fmt.Sprintf("the configuration of %s names it (%s at %s) and its containers run", r.route.Nginx, p.Address, p.Place)
}

// runs says whether a colour is in use. A container that the engine is about to start again, or that is paused, has not
// been given up: what is live and crashes in a loop must not be taken for idle at the wrong moment.
func (r *run) runs(colour model.Colour) bool {
	return slices.ContainsFunc(r.of(colour), model.Container.InUse)
}

// answers says whether a container of a colour can answer requests at this moment.
func (r *run) answers(colour model.Colour) bool {
	return slices.ContainsFunc(r.of(colour), func(c model.Container) bool { return c.Running })
}

func (r *run) of(colour model.Colour) []model.Container {
	own := []model.Container{}
	for _, c := range r.containers {
		if c.Colour == colour {
			own = append(own, c)
		}
	}
	return own
}

// plan decides, and refuses here whatever can be known before anything is touched.
func (r *run) plan(ctx context.Context) error {
	r.note(r.app.Findings...)
	if err := r.notePruned(ctx); err != nil {
		return err
	}
	r.first = !r.runs(model.Blue) && !r.runs(model.Green)
	if err := r.liveKnown(); err != nil {
		return err
	}
	if err := r.chooseColour(); err != nil {
		return err
	}
	err := r.Stack.Require(ctx, r.release.Model)
	if err != nil {
		return err
	}
	if r.images, err = r.Stack.Images(ctx, r.release.Model); err != nil {
		return err
	}
	if err := r.planChecks(); err != nil {
		return err
	}
	if err := r.planImages(); err != nil {
		return err
	}
	if err := r.planSwitch(ctx); err != nil {
		return err
	}
	if r.route.Draining > 0 && r.runs(r.release.To) {
		return model.Refuse(model.StillDraining, "%d old workers of %s are still answering requests that may be on %s; wait until they have ended, then run `bluegate settle`", r.route.Draining, r.route.Nginx, r.release.To)
	}
	return r.replaceable(ctx)
}

// replaceable refuses what would replace containers that run and may have users.
func (r *run) replaceable(ctx context.Context) error {
	if r.runs(r.release.To) {
		if err := r.nothingLeadsTo(r.route, r.release.To); err != nil {
			return err
		}
	}
	return r.quiet(ctx)
}

func (r *run) chooseColour() error {
	live, to := r.report.Live, r.Settings.To
	if to == model.None {
		if to = live.Other(); to == model.None {
			to = r.route.Names
		}
		if to == model.None {
			to = model.Blue
		}
	}
	r.release.To, r.release.Model = to, r.app.Models[to]
	r.report.From, r.report.To = live, to
	if to == live {
		return model.Invalid("%s is live already (%s); deploy %s, or let bluegate choose with `bluegate deploy`", to, r.report.LiveBy, to.Other())
	}
	return nil
}

// planSwitch works out the change of nginx's configuration. Without nginx only a first deployment makes sense.
func (r *run) planSwitch(ctx context.Context) error {
	switch missing := r.route.Missing; r.route.State {
	case model.RouterAbsent:
		if missing != nil && (!r.first || len(missing.Mentions) > 0) {
			return &model.UnreachableError{What: "nginx", Err: fmt.Errorf("%s; %s", missing, missing.Remedy())}
		}
		if missing != nil {
			r.note(model.Finding{Code: "nginx-absent", Place: missing.Place, Message: fmt.Sprintf("%s yet: the colour is brought up, and nothing is switched; %s", missing, missing.Remedy())})
			return nil
		}
		if !r.first {
			return &model.UnreachableError{What: "nginx", Err: errors.New("containers of the application run, but no container was found whose nginx configuration names one of them; start nginx, or name its container in bluegate.yml (nginx.container), or label it (bluegate.nginx)")}
		}
		r.note(model.Finding{Code: "nginx-absent", Message: "no nginx was found: the colour is brought up, and nothing is switched"})
		return nil
	case model.RouterStopped:
		if !r.first {
			return &model.UnreachableError{What: "nginx", Err: fmt.Errorf("%s does not run, though containers of the application do; look at `docker logs`, start it, then deploy", r.route.Nginx)}
		}
		r.note(model.Finding{Code: "nginx-stopped", Message: r.route.Nginx + " does not run; it is started once the colour is healthy"})
	}
	var err error
	if r.change, err = r.Router.Plan(r.route, r.dir, r.release.To); err != nil {
		return err
	}
	return r.canHoldNames(ctx)
}
