package compose

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/docker/compose/v5/pkg/api"
	"github.com/docker/compose/v5/pkg/compose"

	"bluegate/deploy"
)

// Options say where the colours' files are. The zero value means the conventions.
type Options struct {
	Dir      string   // the project directory
	Files    []string // with {colour}; empty: by convention
	Project  string   // the Compose project, with {colour}; empty: what Compose itself would use
	Services []string // with {colour}; empty: by convention
	OneShot  []string // services that pass by exit 0
	Name     string   // names lock, journal and history; empty: the Compose project, without the colour
	Env      map[deploy.Colour]map[string]string
}

// Stack implements deploy.Stack.
type Stack struct {
	engine   *Engine
	service  api.Compose
	opts     Options
	projects map[deploy.Colour]*types.Project
}

// New makes a Stack. Nothing is asked or read yet.
func New(engine *Engine, opts Options) (*Stack, error) {
	service, err := compose.NewComposeService(engine.cli, compose.WithPrompt(compose.AlwaysOkPrompt()))
	if err != nil {
		return nil, fmt.Errorf("set up Compose: %w", err)
	}
	return &Stack{engine: engine, service: service, opts: opts, projects: map[deploy.Colour]*types.Project{}}, nil
}

// conventions are the names under which a colour's file is looked for, in this order; the last ones hold both colours.
var conventions = []string{
	"compose.{colour}-deploy.yml", "compose.{colour}-deploy.yaml", "compose.{colour}.yml", "compose.{colour}.yaml",
	"docker-compose.{colour}-deploy.yml", "docker-compose.{colour}-deploy.yaml", "docker-compose.{colour}.yml", "docker-compose.{colour}.yaml",
	"compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml",
}

// Load implements deploy.Stack.
func (s *Stack) Load(ctx context.Context) (deploy.Application, error) {
	patterns, err := s.files()
	if err != nil {
		return deploy.Application{}, err
	}
	app := deploy.Application{Models: map[deploy.Colour]deploy.Model{}}
	for _, colour := range deploy.Colours {
		project, err := s.load(ctx, colour, patterns)
		if err != nil {
			return deploy.Application{}, err
		}
		names, err := s.serviceNames(project, colour)
		if err != nil {
			return deploy.Application{}, err
		}
		s.projects[colour] = project
		app.Models[colour] = model(project, colour, names, s.opts.OneShot)
	}
	app.Project = cmp.Or(s.opts.Name, applicationName(app.Models[deploy.Blue].ComposeProject))
	return app, coexist(app)
}

// applicationName is a Compose project's name without the colour; one that is called after nothing else keeps it.
func applicationName(project string) string {
	return cmp.Or(strings.Trim(strings.ReplaceAll(deploy.ServiceKey(project, deploy.Blue), "{colour}", ""), "-_."), project)
}

// files finds the files' names, still with {colour}.
func (s *Stack) files() ([]string, error) {
	if len(s.opts.Files) > 0 {
		return s.opts.Files, nil
	}
	for _, pattern := range conventions {
		if s.exists(pattern, deploy.Blue) && s.exists(pattern, deploy.Green) {
			return append([]string{pattern}, s.override(pattern)...), nil
		}
	}
	return nil, deploy.Invalid("no Compose files of two colours in %s: looked for %s; name them in bluegate.yml (compose.files) or pass --project-directory",
		s.opts.Dir, strings.Join(conventions[:8], ", "))
}

// override is what Compose lays over a file that it finds by itself.
func (s *Stack) override(pattern string) []string {
	if !slices.Contains(cli.DefaultFileNames, pattern) {
		return nil
	}
	for _, name := range cli.DefaultOverrideFileNames {
		if s.exists(name, deploy.None) {
			return []string{name}
		}
	}
	return nil
}

func (s *Stack) exists(pattern string, colour deploy.Colour) bool {
	info, err := os.Stat(filepath.Join(s.opts.Dir, paint(pattern, colour)))
	return err == nil && info.Mode().IsRegular()
}

// paint puts a colour into a pattern.
func paint(pattern string, colour deploy.Colour) string {
	return strings.ReplaceAll(pattern, "{colour}", string(colour))
}

func (s *Stack) load(ctx context.Context, colour deploy.Colour, patterns []string) (*types.Project, error) {
	opts := api.ProjectLoadOptions{WorkingDir: s.opts.Dir, ProjectName: paint(s.opts.Project, colour)}
	for _, p := range patterns {
		path := paint(p, colour)
		if !filepath.IsAbs(path) {
			path = filepath.Join(s.opts.Dir, path)
		}
		opts.ConfigPaths = append(opts.ConfigPaths, path)
	}
	var env []string
	for k, v := range s.opts.Env[colour] {
		env = append(env, k+"="+v)
	}
	opts.ProjectOptionsFns = []cli.ProjectOptionsFn{cli.WithEnv(env)}
	project, err := s.service.LoadProject(ctx, opts)
	if err == nil {
		if profiles := s.profiles(project, colour); len(profiles) > 0 {
			opts.Profiles = append(profiles, project.Profiles...)
			project, err = s.service.LoadProject(ctx, opts)
		}
	}
	if err != nil {
		return nil, &deploy.InvalidError{Err: fmt.Errorf("read %s: %w", strings.Join(opts.ConfigPaths, ", "), err)}
	}
	return project, nil
}

// profiles are those behind which a colour's services stand, where the file keeps the idle colour out of a plain
// `docker compose up` in this way.
func (s *Stack) profiles(project *types.Project, colour deploy.Colour) []string {
	var wanted, named, others []string
	for name, service := range project.DisabledServices {
		switch {
		case slices.Contains(s.opts.Services, name), slices.ContainsFunc(s.opts.Services, func(p string) bool { return paint(p, colour) == name }):
			wanted = append(wanted, service.Profiles...)
		case len(s.opts.Services) > 0 || !carries(name, colour):
		case slices.ContainsFunc(service.Profiles, func(p string) bool { return carries(p, colour) }):
			named = append(named, service.Profiles...)
		default:
			others = append(others, service.Profiles...)
		}
	}
	if active := slices.ContainsFunc(project.ServiceNames(), func(name string) bool { return carries(name, colour) }); active || len(named) > 0 {
		return append(wanted, named...)
	}
	return append(wanted, others...)
}

// carries says whether a name has the colour as one of its words.
func carries(name string, colour deploy.Colour) bool { return deploy.ServiceKey(name, colour) != name }

// serviceNames are the colour's own services: those that are configured, else those whose name carries the colour, else
// all of a file whose services carry neither. Databases and proxies that share the file with the colours do not carry it.
func (s *Stack) serviceNames(project *types.Project, colour deploy.Colour) ([]string, error) {
	var names []string
	files := strings.Join(project.ComposeFiles, ", ")
	for _, pattern := range s.opts.Services {
		name := paint(pattern, colour)
		if _, ok := project.Services[name]; !ok {
			return nil, deploy.Invalid("compose.services names %q, which is not in %s (there are: %s)", name, files, strings.Join(project.ServiceNames(), ", "))
		}
		names = append(names, name)
	}
	if len(names) > 0 {
		return names, nil
	}
	for _, name := range project.ServiceNames() {
		if carries(name, colour) {
			names = append(names, name)
		}
	}
	if len(names) > 0 {
		return names, nil
	}
	for _, name := range project.ServiceNames() {
		// In a file of the other colour, what does not carry it is shared: to take that for a release would replace it.
		if carries(name, colour.Other()) {
			return nil, deploy.Invalid("no service in %s is called after %s, though %s is called after %s; name the services in bluegate.yml (compose.services)", files, colour, name, colour.Other())
		}
	}
	if names = project.ServiceNames(); len(names) == 0 {
		return nil, deploy.Invalid("%s has no service for %s", files, colour)
	}
	return names, nil
}

// coexist refuses, with both places, what two colours cannot have at once.
func coexist(app deploy.Application) error {
	blue, green := app.Models[deploy.Blue], app.Models[deploy.Green]
	var reasons []deploy.Reason
	clash := func(a, b deploy.Service, format string, args ...any) {
		reasons = append(reasons, deploy.Reason{Code: deploy.CannotCoexist, Service: a.Name,
			Message: fmt.Sprintf(format, args...) + fmt.Sprintf(" (%s and %s)", a.Place, b.Place)})
	}
	for _, a := range blue.Services {
		for _, b := range green.Services {
			if a.Name == b.Name && blue.ComposeProject == green.ComposeProject {
				clash(a, b, "both colours call a service %q in one Compose project %q, so starting one would replace the other; name them apart or give each colour a project (compose.project: \"…-{colour}\")", a.Name, blue.ComposeProject)
			}
			if a.ContainerName != "" && a.ContainerName == b.ContainerName {
				clash(a, b, "both colours call a container %q", a.ContainerName)
			}
			for _, port := range a.HostPorts {
				if slices.ContainsFunc(b.HostPorts, func(p string) bool { return samePort(port, p) }) {
					clash(a, b, "both colours publish port %s of the host", port)
				}
			}
		}
	}
	if len(reasons) == 0 {
		return nil
	}
	return &deploy.InvalidError{Reasons: reasons, Err: errors.New("the colours cannot run side by side: " + reasons[0].Message)}
}

// samePort compares ip:port/protocol; no ip is every ip.
func samePort(a, b string) bool {
	ipA, portA := cutPort(a)
	ipB, portB := cutPort(b)
	return portA == portB && (ipA == ipB || ipA == "" || ipB == "")
}

func cutPort(s string) (ip, port string) {
	at := strings.LastIndex(s, ":")
	if at < 0 {
		return "", s
	}
	ip = s[:at]
	if ip == "0.0.0.0" || ip == "::" {
		ip = ""
	}
	return ip, s[at+1:]
}
