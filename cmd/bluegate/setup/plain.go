package setup

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/cli"

	"bluegate/cmd/bluegate/adopt"
	"bluegate/cmd/bluegate/config"
	"bluegate/cmd/bluegate/ui"
	"bluegate/cmd/bluegate/ui/progress"
	"bluegate/cmd/bluegate/wire"
	"bluegate/deploy"
	"bluegate/deploy/model"
	"bluegate/deploy/plan"
)

// plain says whether the folder has one set of services without colours, and proposes how the services behind nginx exist
// twice. What stands in the way is in the result.
func (i *run) plain() bool {
	if i.folder.HasColours() {
		return false
	}
	for _, p := range i.folder.AsItRuns() {
		o, err := i.options(i.proposed(p.YAML()))
		if err != nil {
			continue
		}
		to, err := wire.Open(i.ctx, o)
		if err != nil {
			continue
		}
		set, err := to.Files.OneSet(i.ctx)
		if err != nil {
			continue
		}
		plain := adopt.Plain{Set: set, Truth: i.folder.Truth, Free: i.freePort}
		i.result.Services = set.Project.ServiceNames()
		if err := i.double(plain, p, o); err != nil {
			i.refuse(err)
		}
		return true
	}
	return false
}

// refuse notes what stands in the way.
func (i *run) refuse(err error) {
	i.result.Outcome, i.result.Edits, i.result.Content = model.Refused, nil, ""
	if model.Is[*model.UnreachableError](err) {
		i.result.Outcome = model.Unreachable
	}
	for _, why := range model.ReasonsOf(err) {
		i.result.Blockers = append(i.result.Blockers, adopt.Blocker{Code: string(why.Code), Message: why.Message})
	}
	if len(i.result.Blockers) == 0 {
		i.result.Blockers = []adopt.Blocker{{Code: string(i.result.Outcome), Message: err.Error()}}
	}
}

// double works out the edits: of the Compose files, and of nginx's where it names the services.
func (i *run) double(plain adopt.Plain, p adopt.Proposal, o config.Options) error {
	if len(plain.Truth.In(plain.Set.Project.Name)) == 0 {
		return model.Invalid("nothing of project %s runs, so it cannot be seen where nginx sends traffic; start it as always (docker compose up -d), then run bluegate init again", plain.Set.Project.Name)
	}
	app := plain.Application()
	route, change, values, err := i.whatNginxNames(o, app)
	if err != nil {
		return err
	}
	d := plain.Doubling(route.Points)
	nginx, _ := i.folder.Truth.Named(route.ID)
	edits, err := i.nginxEdits(change, nginx)
	if err != nil {
		return err
	}
	files, err := i.composeEdits(plain, d)
	if err != nil {
		return err
	}
	p.Nginx.Values = values
	if p, err = i.judged(p, files, route.Points); err != nil {
		return err
	}
	r := &i.result
	r.Doubled, r.Edits, r.Content = d.Services, slices.Concat(files, edits), p.YAML()
	r.Points = route.Points
	r.Steps = plain.FirstSwitch(d, i.composeCommand(p, plain), nginx)
	r.Notes = append(plain.Unpublished(d), i.otherVersion(plain, d)...)
	if others := plain.Others(d); len(others) > 0 {
		r.Notes = append(r.Notes, fmt.Sprintf("%s: nginx sends no traffic there, so a deployment leaves it alone; docker compose up -d %s updates it", strings.Join(others, ", "), strings.Join(others, " ")))
	}
	return nil
}

// whatNginxNames asks nginx where it names the services, and for the change that makes it name blue's.
func (i *run) whatNginxNames(o config.Options, app model.Application) (route model.Route, change model.Change, values []string, err error) {
	for range 2 { // the second time with the variables that hold an address
		o.Nginx.Settings.Values = values
		var d *deploy.Deployer
		if d, err = wire.Connect(i.ctx, o, progress.Quiet{}); err != nil {
			return route, change, nil, err
		}
		containers, err := d.Stack.Containers(i.ctx, app)
		if err != nil {
			return route, change, nil, err
		}
		addresses := model.NewAddresses(app).WithContainers(containers)
		var nginx model.Nginx
		nginx, route, err = d.Router.Observe(i.ctx, addresses)
		if err == nil && route.State == model.RouterRunning {
			change, err = nginx.Plan(addresses, model.Green)
		}
		_ = d.Router.Close(i.ctx)
		if more := adopt.Variables(route.Mentions); len(more) > 0 && values == nil {
			values = more
			continue
		}
		return route, change, values, errors.Join(err, i.nginxIsThere(route, app))
	}
	return route, change, values, err
}

// nginxIsThere refuses a setup in which no nginx that runs sends traffic to a service.
func (i *run) nginxIsThere(route model.Route, app model.Application) error {
	var names []string
	for _, s := range app.Models[model.Blue].Services {
		names = append(names, s.Name)
	}
	switch {
	case route.State == model.RouterAbsent:
		if front, ok := i.folder.Truth.Front(); ok {
			return model.Invalid("%s", front)
		}
		return model.Invalid("no nginx that runs names %s; bluegate switches an nginx in front of the services: start it, or look whether it is on their network", orNone(names))
	case route.State == model.RouterStopped:
		return model.Invalid("%s does not run, so it cannot be told what it serves; start it, then run bluegate init again", route.Nginx)
	case route.Refusal == nil && len(route.Points) == 0:
		return model.Invalid("the configuration of %s names none of %s", route.Nginx, orNone(names))
	}
	return nil
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "any service that could exist twice"
	}
	return strings.Join(names, ", ")
}

// nginxEdits are the changes of nginx's files, at their places on this machine.
func (i *run) nginxEdits(change model.Change, nginx adopt.Running) (edits []ui.Edit, err error) {
	for _, f := range change.Files {
		path := f.Path
		if nginx.Name != "" {
			if path = nginx.OnHost(f.Path); path == "" {
				return nil, model.Invalid("%s of container %s is in no folder that is mounted from this machine, so an edit would be lost with the container; mount the folder: volumes: [\"./nginx:%s\"], with the file in it, and run bluegate init again",
					f.Path, nginx.Name, filepath.Dir(f.Path))
			}
		}
		have, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("read nginx's file: %w", err)
		}
		if !bytes.Equal(have, f.Old) {
			return nil, model.Invalid("%s holds something else than nginx sees as %s; reload or recreate nginx, and run bluegate init again", path, f.Path)
		}
		edits = append(edits, ui.NewEdit(i.dir, path, f.Old, f.New))
	}
	return edits, nil
}

// composeEdits are the edited Compose files.
func (i *run) composeEdits(plain adopt.Plain, d adopt.Doubling) (edits []ui.Edit, err error) {
	var callers []string
	for _, path := range plain.Set.Project.ComposeFiles {
		before, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		after, err := d.Edit(before)
		if err != nil {
			return nil, model.Invalid("%s cannot be edited: %w", filepath.Base(path), err)
		}
		callers = append(callers, d.Callers(filepath.Base(path), before)...)
		if !bytes.Equal(before, after) {
			edits = append(edits, ui.NewEdit(i.dir, path, before, after))
		}
	}
	if len(callers) > 0 {
		return nil, model.Invalid("a name stands for one service, and %s would exist twice: %s; let it ask nginx instead, then run bluegate init again", strings.Join(d.Services, ", "), strings.Join(callers, "; "))
	}
	return edits, nil
}

// judged loads the edited files as a deployment would, and adds the checks of services that have no healthcheck.
func (i *run) judged(p adopt.Proposal, edits []ui.Edit, points []model.SwitchPoint) (adopt.Proposal, error) {
	o, err := i.options(i.proposed(p.YAML()))
	if err != nil {
		return p, err
	}
	dir, err := os.MkdirTemp("", "bluegate-init-")
	if err != nil {
		return p, err
	}
	defer os.RemoveAll(dir)
	o.Compose.Files = nil
	for n, e := range edits {
		name := filepath.Join(dir, fmt.Sprintf("%d-%s", n, filepath.Base(e.Path)))
		if err := os.WriteFile(name, e.After, 0o600); err != nil {
			return p, err
		}
		o.Compose.Files = append(o.Compose.Files, name)
	}
	o.Compose.Base = filepath.Dir(edits[0].Path)
	to, err := wire.Open(i.ctx, o)
	if err != nil {
		return p, err
	}
	app, err := to.Stack.Load(i.ctx)
	if err != nil {
		return p, model.Invalid("the edited files could not be deployed: %w", err)
	}
	var unjudged []model.Service
	for _, s := range app.Models[model.Blue].Services {
		images, err := to.Images.Images(i.ctx, app.Models[model.Blue])
		if err != nil {
			return p, err
		}
		if img, _ := model.ImageOf(images, s.Name); !s.OneShot && plan.EffectiveProbe(s, img) == nil {
			unjudged = append(unjudged, s)
		}
	}
	for n := range points {
		points[n].Endpoint.Service = adopt.ColourOf(points[n].Endpoint.Service, model.Blue)
	}
	defer func() {
		for n := range points {
			points[n].Endpoint.Service = strings.TrimSuffix(points[n].Endpoint.Service, "-blue")
		}
	}()
	return i.folder.WithChecks(p, app, unjudged, points), nil
}

// composeCommand is how Compose is called for these files.
func (i *run) composeCommand(p adopt.Proposal, plain adopt.Plain) []string {
	words := []string{"docker", "compose"}
	for _, name := range p.EnvFiles {
		words = append(words, "--env-file", name)
	}
	if p.Project != "" {
		words = append(words, "-p", p.Project)
	}
	usual := !slices.ContainsFunc(plain.Set.Project.ComposeFiles, func(path string) bool {
		name := filepath.Base(path)
		return filepath.Dir(path) != i.dir || !slices.Contains(cli.DefaultFileNames, name) && !slices.Contains(cli.DefaultOverrideFileNames, name)
	})
	for _, path := range plain.Set.Project.ComposeFiles {
		if !usual {
			words = append(words, "-f", ui.Below(i.dir, path))
		}
	}
	return words
}

// otherVersion warns where the files say another image than the one that runs: the first switch-over would be a release
// that nothing has tested.
func (i *run) otherVersion(plain adopt.Plain, d adopt.Doubling) (notes []string) {
	for _, name := range d.Services {
		s, _ := plain.Set.Model.Service(name)
		for _, r := range plain.Truth.In(plain.Set.Project.Name) {
			if r.Service == name && s.Image != "" && r.Image != s.Image && !s.Build && !strings.HasPrefix(r.Image, "sha256:") {
				notes = append(notes, fmt.Sprintf("%s runs %s, and the files say %s now: before step 1 set the variables as in the last deployment, so that step 1 starts what runs", r.Name, r.Image, s.Image))
			}
		}
	}
	return notes
}
