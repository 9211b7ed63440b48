package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/urfave/cli/v2"

	"bluegate/compose"
	"bluegate/deploy"
	"bluegate/nginx"
)

// options are all that a command needs to know, from flags, environment and bluegate.yml, in this order.
type options struct {
	Host, Context string
	Compose       compose.Options
	Nginx         nginx.Options
	Settings      deploy.Settings
}

// file is bluegate.yml.
type file struct {
	Project string `yaml:"project"`
	Compose struct {
		Files    []string `yaml:"files"`
		Project  string   `yaml:"project"`
		Services []string `yaml:"services"`
		OneShot  []string `yaml:"one_shot"`
	} `yaml:"compose"`
	Colours map[deploy.Colour]struct {
		Env map[string]string `yaml:"env"`
	} `yaml:"colours"`
	Gate struct {
		Timeout            string        `yaml:"timeout"`
		Stable             *yamlDuration `yaml:"stable"`
		WithoutHealthcheck string        `yaml:"without_healthcheck"`
	} `yaml:"gate"`
	Nginx struct {
		Container string `yaml:"container"`
	} `yaml:"nginx"`
	Drain struct {
		Timeout *yamlDuration `yaml:"timeout"`
		Then    string        `yaml:"then"`
	} `yaml:"drain"`
	Old struct {
		Keep string `yaml:"keep"`
	} `yaml:"old"`
}

// yamlDuration is written as in Go and in Compose: 5s, 1m30s.
type yamlDuration time.Duration

// UnmarshalYAML refuses bare numbers, of which nobody knows the unit, and negative spans.
func (d *yamlDuration) UnmarshalYAML(node ast.Node) error {
	text := node.GetToken().Value
	span, err := time.ParseDuration(text)
	if err != nil || span < 0 {
		return &yaml.SyntaxError{Message: text + " is no duration such as 5s or 1m30s", Token: node.GetToken()}
	}
	*d = yamlDuration(span)
	return nil
}

func readOptions(ctx *cli.Context, getenv func(string) string) (options, error) {
	o := options{Host: ctx.String("host"), Context: ctx.String("context"), Settings: deploy.DefaultSettings()}
	dir, err := filepath.Abs(ctx.String("project-directory"))
	if err != nil {
		return o, &deploy.InvalidError{Err: err}
	}
	o.Compose.Dir = dir
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return o, deploy.Invalid("--project-directory %s is no directory", dir)
	}
	f, path, err := readFile(ctx.String("config"), dir)
	if err != nil {
		return o, err
	}
	if err := o.fromFile(f, path); err != nil {
		return o, err
	}
	return o, o.fromFlags(ctx)
}

// readFile reads bluegate.yml. Only one that was asked for has to be there.
func readFile(path, dir string) (f file, where string, err error) {
	asked := path != ""
	if !asked {
		path = filepath.Join(dir, "bluegate.yml")
	}
	text, err := readTrusted(path, dir, asked)
	if errors.Is(err, fs.ErrNotExist) && !asked {
		return f, path, nil
	}
	if err != nil {
		return f, path, &deploy.InvalidError{Err: fmt.Errorf("read the configuration: %w", err)}
	}
	if err := yaml.UnmarshalWithOptions(text, &f, yaml.DisallowUnknownField()); err != nil {
		var placed yaml.Error
		if errors.As(err, &placed) && placed.GetToken() != nil {
			at := placed.GetToken().Position
			return f, path, deploy.Invalid("%s:%d:%d: %s", path, at.Line, at.Column, placed.GetMessage())
		}
		return f, path, deploy.Invalid("%s: %v", path, err)
	}
	return f, path, nil
}

// readTrusted refuses a file that somebody else may have had a hand in: what it says decides what is run and removed.
// One that was found in the project's folder must lie in it.
func readTrusted(path, dir string, asked bool) ([]byte, error) {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(real)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file", path)
	}
	if info.Mode().Perm()&0o002 != 0 {
		return nil, fmt.Errorf("%s can be written by everybody (mode %#o); run: chmod o-w %s", path, info.Mode().Perm(), path)
	}
	if !asked {
		root, err := filepath.EvalSymlinks(dir)
		if err != nil {
			return nil, err
		}
		if below, err := filepath.Rel(root, real); err != nil || !filepath.IsLocal(below) {
			return nil, fmt.Errorf("%s leads out of its folder, to %s; name that with --config if it is meant", path, real)
		}
	}
	return os.ReadFile(real)
}

func (o *options) fromFile(f file, path string) error {
	o.Compose.Name, o.Compose.Files, o.Compose.Project = f.Project, f.Compose.Files, f.Compose.Project
	o.Compose.Services, o.Compose.OneShot = f.Compose.Services, f.Compose.OneShot
	o.Compose.Env = map[deploy.Colour]map[string]string{}
	for colour, c := range f.Colours {
		if _, err := deploy.ParseColour(string(colour)); err != nil {
			return deploy.Invalid("%s: colours: %v", path, err)
		}
		o.Compose.Env[colour] = c.Env
	}
	o.Nginx.Container = f.Nginx.Container
	s := &o.Settings
	if f.Gate.Timeout != "" && f.Gate.Timeout != "auto" {
		span, err := time.ParseDuration(f.Gate.Timeout)
		if err != nil || span <= 0 {
			return deploy.Invalid("%s: gate.timeout: %q is neither auto nor a duration such as 90s", path, f.Gate.Timeout)
		}
		s.Timeout = span
	}
	if f.Gate.Stable != nil {
		s.Stable = time.Duration(*f.Gate.Stable)
	}
	if f.Drain.Timeout != nil {
		s.DrainTimeout = time.Duration(*f.Drain.Timeout)
	}
	var err error
	if s.RunningSuffices, err = choice(path, "gate.without_healthcheck", f.Gate.WithoutHealthcheck, "refuse", "running"); err != nil {
		return err
	}
	if s.DrainThenStop, err = choice(path, "drain.then", f.Drain.Then, "keep", "stop"); err != nil {
		return err
	}
	return o.keep(f.Old.Keep, path+": old.keep")
}

// choice reads one of two words; the first is the default.
func choice(path, key, word, first, second string) (bool, error) {
	switch word {
	case "", first:
		return false, nil
	case second:
		return true, nil
	}
	return false, deploy.Invalid("%s: %s: %q is neither %s nor %s", path, key, word, first, second)
}

func (o *options) keep(word, where string) error {
	switch k := deploy.Keep(word); k {
	case "":
	case deploy.KeepStopped, deploy.KeepRunning, deploy.KeepRemoved:
		o.Settings.Keep = k
	default:
		return deploy.Invalid("%s: %q is none of stopped, running, removed", where, word)
	}
	return nil
}

func (o *options) fromFlags(ctx *cli.Context) error {
	s := &o.Settings
	if ctx.IsSet("timeout") {
		if s.Timeout = ctx.Duration("timeout"); s.Timeout <= 0 {
			return deploy.Invalid("--timeout must be more than 0")
		}
	}
	if s.WaitLock = ctx.Duration("wait-lock"); s.WaitLock < 0 {
		return deploy.Invalid("--wait-lock must not be negative")
	}
	s.NoPull = ctx.Bool("no-pull")
	return o.keep(ctx.String("keep-old"), "--keep-old")
}

// projectName is what Docker allows in a name, so that lock and journal can be called by it.
var projectName = regexp.MustCompile(`^[a-z0-9][a-z0-9_.-]{0,62}$`)

// connect puts the parts together.
func connect(ctx context.Context, o options, progress deploy.Progress) (*deploy.Deployer, error) {
	if o.Compose.Name != "" && !projectName.MatchString(o.Compose.Name) {
		return nil, deploy.Invalid("project %q: a name has lower-case letters, digits, - _ and ., begins with a letter or a digit, and has at most 63 characters", o.Compose.Name)
	}
	engine, err := compose.Connect(ctx, o.Host, o.Context)
	if err != nil {
		return nil, err
	}
	stack, err := compose.New(engine, o.Compose)
	if err != nil {
		return nil, err
	}
	o.Nginx.Skew, o.Nginx.Helper = engine.Skew, readHelper
	return &deploy.Deployer{
		Stack: stack, Router: nginx.New(engine.Client, o.Nginx), Ledger: compose.NewLedger(engine),
		Progress: progress, Settings: o.Settings, Self: compose.Self,
	}, nil
}
