package config

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"bluegate/cmd/bluegate/config/strict"
	"bluegate/compose/load"
	"bluegate/deploy"
	"bluegate/deploy/model"
	"bluegate/deploy/redact"
	"bluegate/nginx/instance"
)

// Flags are the flags of the command line and the variables that set them.
type Flags interface {
	IsSet(name string) bool
	Bool(name string) bool
	String(name string) string
	StringSlice(name string) []string
	Duration(name string) time.Duration
}

// Options are the settings of a command: from flags, then the environment, then bluegate.yml.
type Options struct {
	Host, Context string
	Docker        []string // flags of the docker command, where it has started this process
	Swarm         bool     // each colour is a stack of a Swarm
	Compose       load.Options
	Nginx         instance.Options
	Settings      deploy.Settings
	Watch         Watch
	Notify        []Notify
	Mask          *redact.Redactor // for what hooks receive
}

// Read reads the settings from flags, environment and bluegate.yml, in this order.
func Read(flags Flags, getenv func(string) string) (Options, *File, error) {
	dir, err := ProjectDirectory(flags)
	if err != nil {
		return Options{}, nil, err
	}
	f, err := readFile(flags.String("config"), dir, getenv)
	if err != nil {
		return Options{}, nil, err
	}
	o, err := NewOptions(flags, dir, &f)
	return o, &f, err
}

func NewOptions(flags Flags, dir string, f *File) (Options, error) {
	o := Options{Host: flags.String("host"), Context: flags.String("context"), Settings: deploy.DefaultSettings()}
	o.Compose.Dir = dir
	o.Compose.Env, o.Compose.Keys = map[model.Colour]map[string]string{}, map[model.Colour]map[string]string{}
	err := f.checkMode()
	if err == nil {
		err = o.fromFile(f)
	}
	if err == nil {
		err = o.fromEngine(f)
	}
	if err == nil {
		err = o.readChecksAndHooks(f, dir)
	}
	if err == nil {
		err = o.readJudge(f)
	}
	if err == nil {
		err = o.readPreview(f)
	}
	if err == nil {
		err = o.readWatch(f, dir)
	}
	if err == nil {
		err = o.readNotify(f, dir)
	}
	if err != nil {
		return o, &model.InvalidError{Err: err}
	}
	return o, o.fromFlags(flags)
}

func ProjectDirectory(flags Flags) (string, error) {
	dir, err := filepath.Abs(flags.String("project-directory"))
	if err != nil {
		return "", &model.InvalidError{Err: err}
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return "", model.Invalid("--project-directory %s: not a directory", dir)
	}
	return dir, nil
}

// fromFile applies bluegate.yml and its variables.
func (o *Options) fromFile(f *File) error {
	o.Compose.Name, o.Compose.Files, o.Compose.Project = f.Project, f.Compose.Files, f.Compose.Project
	o.Compose.EnvFiles = f.Compose.EnvFiles
	o.Compose.Services, o.Compose.OneShot = f.Compose.Services, f.Compose.OneShot
	for _, colour := range model.Colours {
		env := map[string]string{}
		for name, value := range f.Colours[string(colour)].Env {
			filled, err := f.substitute("colours."+string(colour)+".env."+name, f.expand(colour, value))
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
	s.RunningSuffices, s.RunningServices = f.Gate.WithoutHealthcheck.running()
	if f.values.Has("drain.timeout") {
		s.DrainTimeout = f.Drain.Timeout
	}
	s.Bake.For = f.Bake.For
	s.DrainThenStop = f.Drain.Then == "stop"
	s.Keep = cmp.Or(model.Keep(f.Old.Keep), s.Keep)
	return nil
}

func (o *Options) fromFlags(flags Flags) error {
	s := &o.Settings
	if flags.IsSet("timeout") {
		if s.Timeout = flags.Duration("timeout"); s.Timeout <= 0 {
			return model.Invalid("--timeout must be greater than 0")
		}
	}
	if s.WaitLock = flags.Duration("wait-lock"); s.WaitLock < 0 {
		return model.Invalid("--wait-lock must not be negative")
	}
	s.NoPull = flags.Bool("no-pull")
	if err := o.composeFlags(flags); err != nil {
		return err
	}
	if keep := model.Keep(flags.String("keep-old")); keep != "" {
		if !slices.Contains([]model.Keep{model.KeepStopped, model.KeepRunning, model.KeepRemoved}, keep) {
			return model.Invalid("invalid --keep-old %q: must be stopped, running or removed%s", keep, strict.Suggest(string(keep), []string{string(model.KeepStopped), string(model.KeepRunning), string(model.KeepRemoved)}))
		}
		s.Keep = keep
	}
	return nil
}
