package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"bluegate/deploy/model"
	"bluegate/deploy/report"
)

// Observation is what is true at one moment: what the Compose files say, what the engine holds, and what nginx serves. It
// is never changed; a later look is another Observation.
type Observation struct {
	At          time.Time
	Application model.Application // with what only its images say
	Addresses   *model.Addresses
	Images      map[model.Colour][]model.Image
	Containers  []model.Container
	Route       model.Route
	Journal     model.Journal
	Live        Live
	// Holder is who holds the project's lock, for a command that does not hold it; nil: nobody.
	Holder *model.Holder
	// Remote says that the engine's machine is not this one.
	Remote bool
	// Retained is what the engine has of the release that a rollback goes back to.
	Retained []report.KeptContainer
	// Change makes nginx name the colour that is planned for. Unswitchable is why it cannot be made.
	Change       model.Change
	Unswitchable error
}

// Live is the colour that nginx serves, and how that is known. Without a colour, By says why none is.
type Live struct {
	Colour model.Colour
	By     string
}

// Of are the containers of a colour.
func (o Observation) Of(colour model.Colour) []model.Container {
	own := []model.Container{}
	for _, c := range o.Containers {
		if c.Colour == colour {
			own = append(own, c)
		}
	}
	return own
}

// Runs says whether a colour is in use. A container that the engine is about to start again, or that is paused, has not
// been given up: what is live and crashes in a loop must not be taken for idle at the wrong moment.
func (o Observation) Runs(colour model.Colour) bool {
	return slices.ContainsFunc(o.Of(colour), model.Container.InUse)
}

// Answers says whether a container of a colour can answer requests at this moment.
func (o Observation) Answers(colour model.Colour) bool {
	return slices.ContainsFunc(o.Of(colour), func(c model.Container) bool { return c.Running })
}

// First says that no colour's container runs: there is nothing to go back to.
func (o Observation) First() bool { return !o.Runs(model.Blue) && !o.Runs(model.Green) }

// Served is the colour that nginx provably serves, whoever made it so: the configuration that it has loaded names it, and
// its containers answer.
func (o Observation) Served() model.Colour {
	if o.Route.State != model.RouterRunning || o.Route.Away != "" || o.Route.Refusal != nil || !o.Answers(o.Route.Names) {
		return model.None
	}
	return o.Route.Names
}

// Judged is the Observation with what follows from it: which colour is live, and what comes before a reload.
func (o Observation) Judged() Observation {
	o.Route.Refusal = o.startFirst()
	o.Live.Colour, o.Live.By = o.live()
	return o
}

// live is the colour that nginx's configuration names and whose containers run, and how that is known.
func (o Observation) live() (model.Colour, string) {
	named, nginx := o.Route.Names, o.Route.Nginx
	switch {
	case o.Route.Away != "":
		return model.None, o.NginxAway()
	case o.Route.State == model.RouterAbsent && o.Route.Missing != nil:
		return model.None, o.Route.Missing.String()
	case o.Route.State == model.RouterAbsent:
		return model.None, o.noNginx()
	case named == model.None && o.Route.Refusal != nil:
		return model.None, fmt.Sprintf("it cannot be told which colour the configuration of %s makes live", nginx)
	case named == model.None:
		return model.None, fmt.Sprintf("the configuration of %s names neither colour", nginx)
	case !o.Runs(named):
		return model.None, fmt.Sprintf("the configuration of %s names %s, of which no container runs", nginx, named)
	case NotLoaded(o.Route.Refusal):
		return model.None, fmt.Sprintf("the configuration of %s names %s, but that is not what it runs", nginx, named)
	case o.Route.State == model.RouterStopped:
		return model.None, fmt.Sprintf("the configuration of %s names %s, but nginx does not run", nginx, named)
	}
	if len(o.Route.Points) == 0 { // where whole files are switched, what they are tells it
		return named, fmt.Sprintf("the configuration of %s is %s's and its containers run", nginx, named)
	}
	p := o.Route.Points[0]
	return named, fmt.Sprintf("the configuration of %s names it (%s at %s) and its containers run", nginx, p.Address, p.Place)
}

// noNginx says that none was found, and which ones do not count.
func (o Observation) noNginx() string {
	if len(o.Route.Elsewhere) > 0 {
		return fmt.Sprintf("no nginx on a network of the application names a colour (%s does, on other networks)", strings.Join(o.Route.Elsewhere, ", "))
	}
	return "no nginx was found whose configuration names a colour"
}

// NginxAway says that another machine has the nginx, and what to do.
func (o Observation) NginxAway() string {
	return fmt.Sprintf("%s runs on node %s, and only the engine of that node can tell what it serves; run this command there, or with DOCKER_HOST or --context for that engine", cmp.Or(o.Journal.Identity().Nginx, "nginx"), o.Route.Away)
}

// NotLoaded says that a refusal is of a file that nginx has not loaded.
func NotLoaded(refusal error) bool {
	return slices.ContainsFunc(model.ReasonsOf(refusal), func(why model.Reason) bool { return why.Code == model.ConfigNotLoaded })
}

// startFirst adds to the refusal of a file that nginx has not loaded what comes before a reload, where the file names a
// colour that does not run: nginx loads no name that does not resolve.
func (o Observation) startFirst() error {
	colour := o.Route.Names
	if colour == model.None || !NotLoaded(o.Route.Refusal) || o.Runs(colour) {
		return o.Route.Refusal
	}
	var names []string
	for _, c := range o.Of(colour) {
		names = append(names, c.Name)
	}
	what := fmt.Sprintf("no container of %s, which it names, is there, so a reload would fail: undo the change", colour)
	if len(names) > 0 {
		what = fmt.Sprintf("%s, which it names, does not run, so a reload would fail: undo the change, or first run `docker start %s` and wait until it is healthy", colour, strings.Join(names, " "))
	}
	e := &model.RefusedError{Reasons: slices.Clone(model.ReasonsOf(o.Route.Refusal))}
	for i := range e.Reasons {
		if e.Reasons[i].Code == model.ConfigNotLoaded {
			e.Reasons[i].Message += "; " + what
		}
	}
	return e
}

// JournalLost says that there was a journal and is none any more: bluegate's label on a container tells of it. A release
// that is under way writes the journal before its containers are created.
func (o Observation) JournalLost() []model.Finding {
	j := o.Journal
	if j.Version == 0 || j.Current != nil || len(j.Past)+len(j.Releases) > 0 { // the first: it could not be read
		return nil
	}
	i := slices.IndexFunc(o.Containers, func(c model.Container) bool { return c.Release != "" })
	if i < 0 {
		return nil
	}
	name, release := o.Containers[i].Name, o.Containers[i].Release
	return []model.Finding{{
		Code: "journal-lost", Place: name,
		Message: fmt.Sprintf("the journal of %s was removed: %s is of release %s, and no journal has it (`docker container prune` and `docker system prune` remove one that an older bluegate wrote)", o.Application.Project, name, release),
		Cost:    "what a killed deployment left is not settled, and there is no release that rollback could go back to",
	}}
}
