package deploy

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"bluegate/deploy/model"
	"bluegate/nginx/conf"
	"bluegate/nginx/fsys"
	"bluegate/nginx/mode"
	"bluegate/testdata/nginxtest"
	"bluegate/testdata/setups"
	"bluegate/testdata/setups/oracle"
)

// generated is the engine in memory with a generated application on it, and an nginx whose files are read by the product's
// own reader. What nginx does with them, and what is true, is oracle's.
type generated struct {
	*process
	setup  setups.Setup
	disk   map[string]string
	loaded map[string]string
	first  map[string]string // what was on disk when it began
	link   string            // mode link: where the live file leads
	held   []string
	harm   []string // what was done to a container that users may reach

	mode  mode.Mode
	conf  mode.Configuration
	route model.Route

	weak weakness
}

// weakness takes protections of the product away, by what it is told.
type weakness struct {
	deaf   bool // it is not told where nginx mentions the colours besides its switch points
	blind  bool // it is told of running containers that they do not run
	unheld bool // names that it wants to be held are not held
}

// newGenerated is a setup at rest: one colour is live, and the names of the other are held.
func newGenerated(s setups.Setup) *generated {
	w := newFakeEngine()
	w.boxes, w.app = nil, s.Application()
	w.registry, w.tags = map[string]string{}, map[string]string{}
	w.nginx = fakeNginx{state: model.RouterRunning, hold: time.Second}
	for _, colour := range model.Colours {
		for _, service := range w.app.Models[colour].Services {
			w.registry[service.Image], w.tags[service.Image] = "sha256:new", "sha256:old"
			for range service.Replicas {
				if string(colour) != s.Live && s.Idle == "absent" {
					continue
				}
				b := w.create(service, colour, "19991231T120000-0001")
				b.began = time.Now().Add(-time.Hour)
				if string(colour) != s.Live && s.Idle == "stopped" {
					b.stopped, b.RestartPol = b.began, "no"
				}
			}
		}
	}
	g := &generated{process: w.process(), setup: s, disk: maps.Clone(s.Files), link: setups.PreparedFile(s.Live)}
	settings := settingsOf(s)
	if s.Mode == "managed" {
		file := mode.ManagedFile{Colour: model.Colour(s.Live), SwitchID: mode.NewSwitchID(), Upstreams: s.UpstreamsFor(s.Live), Listen: mode.ManagedListen}
		g.disk[setups.LiveFile] = string(file.Render())
	}
	var err error
	if g.mode, err = settings.Build(); err != nil {
		panic(err)
	}
	g.loaded, g.first = maps.Clone(g.disk), maps.Clone(g.disk)
	g.held = g.world(g.disk).Unresolved()
	return g
}

// settingsOf are those of bluegate.yml.
func settingsOf(s setups.Setup) mode.Settings {
	each := func(of func(colour string) string) map[model.Colour]string {
		return map[model.Colour]string{model.Blue: of("blue"), model.Green: of("green")}
	}
	switch s.Mode {
	case "template":
		return mode.Settings{Mode: s.Mode, To: setups.LiveFile, Text: each(s.TextFor)}
	case "copy", "link":
		return mode.Settings{Mode: s.Mode, To: setups.LiveFile, From: each(setups.PreparedFile)}
	case "managed":
		return mode.Settings{Mode: s.Mode, To: setups.LiveFile, Upstreams: map[model.Colour]map[string]string{model.Blue: s.UpstreamsFor("blue"), model.Green: s.UpstreamsFor("green")}}
	case "flag":
		return mode.Settings{Mode: s.Mode, To: setups.FlagFile}
	}
	return mode.Settings{Values: s.Values}
}

// linked are files of which the live one is a symbolic link.
type linked struct {
	fsys.Source
	target string
}

func (l linked) Entry(file string) (fsys.Entry, string, error) {
	if file == setups.LiveFile {
		file = l.target
	}
	return l.Source.Entry(file)
}

func (l linked) Read(file string) ([]byte, error) {
	e, _, err := l.Entry(file)
	return e.Content, err
}

func (l linked) LinkTarget(file string) (string, error) {
	if file == setups.LiveFile {
		return l.target, nil
	}
	return l.Source.LinkTarget(file)
}

// deployer is one whose ports are the generated world's.
func (g *generated) deployer() *Deployer {
	d := g.process.deployer()
	d.Stack, d.Names, d.Router = g, g, g
	return d
}

// world is what is true now, with these files.
func (g *generated) world(files map[string]string) oracle.World {
	files = maps.Clone(files)
	maps.DeleteFunc(files, func(path, _ string) bool {
		return path == setups.PreparedFile("blue") || path == setups.PreparedFile("green")
	})
	w := oracle.World{Files: files, Main: setups.MainFile, Boxes: map[string]oracle.Box{}, Held: g.held, Others: []string{"db", "localhost"}}
	for _, colour := range setups.Colours {
		for _, s := range g.setup.Services {
			for n := range s.Replicas {
				name := fmt.Sprintf("shop-%s-%d", s.Name(colour), n+1)
				runs := slices.ContainsFunc(g.boxes, func(b *fakeContainer) bool { return b.Name == name && b.runs() })
				w.Boxes[name] = oracle.Box{Colour: colour, Service: s.Name(colour), Names: s.Names(colour, n+1), Runs: runs && !s.Back, Twin: s.Name(setups.Other(colour))}
			}
		}
	}
	return w
}

// ends is asked before a container is stopped or removed.
func (g *generated) ends(containers []model.Container) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, c := range containers {
		if b := slices.IndexFunc(g.boxes, func(b *fakeContainer) bool { return b.ID == c.ID && b.runs() }); b < 0 {
			continue
		}
		for what, files := range map[string]map[string]string{"its files": g.disk, "what it runs": g.loaded} {
			if by := g.world(files).Leads(c.Name); by != "" {
				g.harm = append(g.harm, fmt.Sprintf("%s is stopped or removed, and nginx leads users to it by %s: %s", c.Name, what, by))
			}
		}
	}
}

// Containers implements Stack: with the names and addresses of each.
func (g *generated) Containers(ctx context.Context, app model.Application) ([]model.Container, error) {
	all, err := g.process.Containers(ctx, app)
	for i, c := range all {
		at := slices.IndexFunc(g.setup.Services, func(s setups.Service) bool { return s.Name(string(c.Colour)) == c.Service })
		s := g.setup.Services[at]
		n, _ := strconv.Atoi(c.Name[strings.LastIndex(c.Name, "-")+1:])
		all[i].Names = append([]string{s.Name(string(c.Colour)), s.Container(string(c.Colour), n), s.Host(string(c.Colour))}, s.Aliases(string(c.Colour))...)
		if g.weak.blind && c.Release == "19991231T120000-0001" {
			all[i].Running, all[i].State = false, "exited"
		}
		all[i].Addresses = map[string]string{s.Network(): ""}
		if c.Running || s.Fixed {
			all[i].Addresses[s.Network()] = s.Address(string(c.Colour), n)
		}
	}
	return all, err
}

// Retire implements Stack.
func (g *generated) Retire(ctx context.Context, containers []model.Container) error {
	g.ends(containers)
	return g.process.Retire(ctx, containers)
}

// Remove implements Stack.
func (g *generated) Remove(ctx context.Context, containers []model.Container) error {
	g.ends(containers)
	return g.process.Remove(ctx, containers)
}

// CanHold implements NameHolder: nginx is on the front network only.
func (g *generated) CanHold(_ context.Context, _ string, names []model.HeldName) error {
	for _, n := range names {
		if !slices.Contains(n.Networks, setups.Project+"-front") {
			return model.Refuse(model.AddressLeftOver, "%s is on no network of nginx's", n.Host)
		}
	}
	return nil
}

// Hold implements NameHolder.
func (g *generated) Hold(ctx context.Context, _, _ string, names []model.HeldName) error {
	if g.weak.unheld {
		return nil
	}
	return g.change(ctx, "hold", func() {
		g.held = nil
		for _, n := range names {
			g.held = append(g.held, n.Host)
		}
	})
}

// HeldNames implements NameHolder.
func (g *generated) HeldNames(context.Context, string) (*model.NamesReport, error) { return nil, nil }

// Observe implements Router, by the product's reader and modes.
func (g *generated) Observe(ctx context.Context, dir *model.Addresses) (model.Nginx, model.Route, error) {
	if err := g.ask(ctx); err != nil {
		return nil, model.Route{}, err
	}
	g.conf = mode.Configuration{Nginx: named(`container "edge"`), Files: nginxtest.Files(g.disk).Source(), Main: setups.MainFile, SeenAs: func(string) (string, bool) { return "", false }}
	if g.setup.Mode == "link" {
		g.conf.Files = linked{g.conf.Files, g.link}
	}
	var err error
	if g.conf.Tree, err = conf.LoadTree(g.conf.Files, setups.MainFile); err != nil {
		return nil, model.Route{}, err
	}
	route := model.Route{Nginx: `container "edge"`, ID: "edge-0123456789", State: model.RouterRunning, Workers: []string{strconv.Itoa(g.nginx.generation)}}
	g.mode.Observe(g.conf, dir, &route)
	if g.weak.deaf {
		route.Mentions, route.LeftOver = nil, nil
	}
	if route.Refusal == nil && !maps.Equal(g.disk, g.loaded) {
		route.Refusal = model.Refuse(model.ConfigNotLoaded, "what runs is not what is on disk")
	}
	g.route = route
	return g, route, nil
}

type named string

func (n named) String() string { return string(n) }

// Plan implements Nginx.
func (g *generated) Plan(dir *model.Addresses, to model.Colour) (model.Change, error) {
	if err := g.route.MaySwitch(to); err != nil {
		return model.Change{To: to}, err
	}
	return g.mode.Plan(g.conf, g.route, dir, to)
}

// changed are the files after a change.
func (g *generated) changed(change model.Change) map[string]string {
	files := maps.Clone(g.disk)
	for _, f := range change.Files {
		if files[f.Path] = string(f.New); f.New == nil {
			delete(files, f.Path)
		}
	}
	return files
}

// Rehearse implements Nginx: nginx's own test, from where it stands.
func (g *generated) Rehearse(ctx context.Context, change model.Change, started <-chan struct{}) ([]model.Finding, error) {
	select {
	case <-started:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if why := g.world(g.changed(change)).CanStart(); why != "" {
		return nil, model.Refuse(model.NginxTestFailed, "%s", why)
	}
	return nil, nil
}

// Reach implements Nginx: each name leads to the release's containers and to no other.
func (g *generated) Reach(_ context.Context, targets []model.Target) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, t := range targets {
		var want []string
		for _, c := range t.Containers {
			want = append(want, c.Name)
		}
		slices.Sort(want)
		got := g.world(g.disk).Answering(t.Endpoint.Host)
		if len(want) == 0 || !slices.Equal(got, want) && len(got) != 1 || slices.Contains(g.held, strings.ToLower(t.Endpoint.Host)) {
			return model.Refuse(model.NotReachable, "%s leads to %q, not to %q alone", t.Endpoint.Address(), append(got, g.held...), want)
		}
	}
	return nil
}

// Switch implements Nginx.
func (g *generated) Switch(ctx context.Context, change model.Change, targets []model.Target, begin func(model.Change) error) (model.Switched, error) {
	err := g.Reach(ctx, targets)
	if err == nil {
		change.Workers = g.route.Workers
		err = begin(change)
	}
	if err != nil {
		return model.Switched{}, err
	}
	return model.Switched{Nginx: "edge", At: time.Now(), Points: change.Points, NewWorkers: 1, OldWorkers: 1}, g.change(ctx, "switch", func() {
		g.disk = g.changed(change)
		for _, f := range change.Files {
			if f.Link != "" {
				g.link = f.Link
			}
		}
		g.loaded = maps.Clone(g.disk)
		g.nginx.generation++
	})
}

// Drain implements Nginx.
func (g *generated) Drain(context.Context, []model.Container, func(model.DrainStatus)) error {
	return nil
}

// Compare implements Nginx.
func (g *generated) Compare(context.Context, model.Change) (model.ChangeState, error) {
	return "", errors.New("no run is killed here")
}

// Restore implements Nginx.
func (g *generated) Restore(context.Context, model.Change) error {
	return errors.New("no switch fails here")
}
