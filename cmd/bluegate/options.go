package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/urfave/cli/v2"

	"bluegate/compose"
	"bluegate/compose/state"
	"bluegate/deploy"
	"bluegate/deploy/model"
	"bluegate/deploy/redact"
	"bluegate/nginx"
)

// options are all that a command needs to know, from flags, environment and bluegate.yml, in this order.
type options struct {
	Host, Context string
	Compose       compose.Options
	Nginx         nginx.Options
	Settings      deploy.Settings
	Mask          *redact.Redactor // of what hooks are told
}

// readOptions puts together what flags, environment and bluegate.yml say, in this order.
func readOptions(ctx *cli.Context, getenv func(string) string) (options, *file, error) {
	dir, err := projectDirectory(ctx)
	if err != nil {
		return options{}, nil, err
	}
	f, err := readFile(ctx.String("config"), dir, getenv)
	if err != nil {
		return options{}, nil, err
	}
	o, err := newOptions(ctx, dir, &f)
	return o, &f, err
}

func newOptions(ctx *cli.Context, dir string, f *file) (options, error) {
	o := options{Host: ctx.String("host"), Context: ctx.String("context"), Settings: deploy.DefaultSettings()}
	o.Compose.Dir = dir
	o.Compose.Env, o.Compose.Keys = map[model.Colour]map[string]string{}, map[model.Colour]map[string]string{}
	err := f.fitsMode()
	if err == nil {
		err = o.fromFile(f)
	}
	if err == nil {
		err = o.questions(f, dir)
	}
	if err != nil {
		return o, &model.InvalidError{Err: err}
	}
	return o, o.fromFlags(ctx)
}

func projectDirectory(ctx *cli.Context) (string, error) {
	dir, err := filepath.Abs(ctx.String("project-directory"))
	if err != nil {
		return "", &model.InvalidError{Err: err}
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return "", model.Invalid("--project-directory %s is no directory", dir)
	}
	return dir, nil
}

// fromFile takes over what bluegate.yml and its variables say.
func (o *options) fromFile(f *file) error {
	o.Compose.Name, o.Compose.Files, o.Compose.Project = f.Project, f.Compose.Files, f.Compose.Project
	o.Compose.Services, o.Compose.OneShot = f.Compose.Services, f.Compose.OneShot
	for _, colour := range model.Colours {
		env := map[string]string{}
		for name, value := range f.Colours[string(colour)].Env {
			filled, err := f.fill("colours."+string(colour)+".env."+name, f.expand(colour, value))
			if err != nil {
				return err
			}
			env[name] = filled
		}
		o.Compose.Env[colour], o.Compose.Keys[colour] = env, f.keys(colour)
	}
	o.Nginx.Container, o.Nginx.Host, o.Nginx.Config = f.Nginx.Container, f.Nginx.Host, f.Nginx.Config
	if at, ok := f.values.Origins["nginx.container"]; ok {
		o.Nginx.NamedAt = cmp.Or(at.Variable, fmt.Sprintf("%s:%d", filepath.Base(at.Place.File), at.Place.Line))
	}
	o.Nginx.Settings = f.nginxSettings(o.Compose.Dir)
	s := &o.Settings
	s.Timeout = time.Duration(f.Gate.Timeout)
	if f.values.Has("gate.stable") {
		s.Stable = f.Gate.Stable
	}
	o.Compose.StartInterval = f.Gate.StartInterval
	s.RunningSuffices = f.Gate.WithoutHealthcheck == "running"
	if f.values.Has("drain.timeout") {
		s.DrainTimeout = f.Drain.Timeout
	}
	s.Bake.For = f.Bake.For
	s.DrainThenStop = f.Drain.Then == "stop"
	s.Keep = cmp.Or(model.Keep(f.Old.Keep), s.Keep)
	return nil
}

func (o *options) keep(word string) error {
	switch k := model.Keep(word); k {
	case "":
	case model.KeepStopped, model.KeepRunning, model.KeepRemoved:
		o.Settings.Keep = k
	default:
		return model.Invalid("--keep-old: %q is none of stopped, running, removed", word)
	}
	return nil
}

func (o *options) fromFlags(ctx *cli.Context) error {
	s := &o.Settings
	if ctx.IsSet("timeout") {
		if s.Timeout = ctx.Duration("timeout"); s.Timeout <= 0 {
			return model.Invalid("--timeout must be more than 0")
		}
	}
	if s.WaitLock = ctx.Duration("wait-lock"); s.WaitLock < 0 {
		return model.Invalid("--wait-lock must not be negative")
	}
	s.NoPull = ctx.Bool("no-pull")
	return o.keep(ctx.String("keep-old"))
}

// projectName is what Docker allows in a name, so that lock and journal can be called by it.
var projectName = regexp.MustCompile(`^[a-z0-9][a-z0-9_.-]{0,62}$`)

// connect puts the parts together.
func connect(ctx context.Context, o options, progress model.Progress) (*deploy.Deployer, error) {
	if o.Compose.Name != "" && !projectName.MatchString(o.Compose.Name) {
		return nil, model.Invalid("project %q: a name has lower-case letters, digits, - _ and ., begins with a letter or a digit, and has at most 63 characters", o.Compose.Name)
	}
	engine, err := compose.Connect(ctx, o.Host, o.Context)
	if err != nil {
		return nil, err
	}
	engine.Waiter = readWaiter
	stack, err := compose.New(engine, o.Compose)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this executable: %w", err)
	}
	o.Nginx.Overlay = []string{self, overlayMode}
	o.Nginx.Skew, o.Nginx.Local, o.Nginx.Helper = engine.Skew, engine.Local(), readHelper
	router, local := nginx.New(engine.Client, o.Nginx), machine{o.Compose.Dir, o.Mask}
	return &deploy.Deployer{
		Stack: stack, Router: router, Store: state.New(engine.Engine), Progress: progress, Settings: o.Settings, Self: state.Self,
		Asker: &asker{stack: stack, router: router, local: local, beside: map[string]*neighbour{}}, Runner: local, Remote: !engine.Local(),
	}, nil
}
