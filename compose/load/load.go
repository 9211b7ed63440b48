// Package load reads the Compose files of both colours: which services, names, ports and healthchecks they have, which
// secrets they hold, and where in the files an error is. It asks no engine.
package load

import (
	"cmp"
	"context"
	"path/filepath"
	"strings"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/docker/compose/v5/pkg/api"

	"bluegate/deploy/model"
)

// ProjectLoader is the part of Compose's library that reads files.
type ProjectLoader interface {
	LoadProject(ctx context.Context, options api.ProjectLoadOptions) (*types.Project, error)
}

// Loader reads the Compose files of both colours. It asks no engine.
type Loader struct {
	Options
	Compose ProjectLoader
}

// Loaded is the content of the files, in the form of the deployment and in Compose's form.
type Loaded struct {
	Application model.Application
	Projects    map[model.Colour]*types.Project
}

// Load reads the files. Every error is a *model.InvalidError that names the place.
func (l Loader) Load(ctx context.Context) (Loaded, error) {
	loaded, err := l.loadWith(ctx, nil)
	if err != nil {
		if known, ok, wrong := l.withoutVariables(ctx, err); ok || wrong != nil {
			return known, wrong
		}
	}
	return loaded, err
}

// loadWith reads the files, with values for variables that are not set in the environment.
func (l Loader) loadWith(ctx context.Context, unset map[string]string) (Loaded, error) {
	patterns, err := l.FilesFound()
	if err != nil {
		return Loaded{}, err
	}
	out := Loaded{Application: model.Application{Models: map[model.Colour]model.Model{}}, Projects: map[model.Colour]*types.Project{}}
	for _, colour := range model.Colours {
		if err := l.loadColour(ctx, colour, patterns, unset, &out); err != nil {
			return Loaded{}, err
		}
	}
	app := &out.Application
	markShared(*app)
	if app.Project = cmp.Or(l.Name, applicationName(app.Models[model.Blue].ComposeProject)); app.Project == "" {
		return Loaded{}, l.requireName(app.Models[model.Blue].ComposeProject)
	}
	return out, conflicts(*app)
}

// loadColour adds one colour to out.
func (l Loader) loadColour(ctx context.Context, colour model.Colour, patterns []string, unset map[string]string, out *Loaded) error {
	project, err := l.project(ctx, colour, patterns, unset)
	if err != nil {
		return err
	}
	at := Locate(project.ComposeFiles)
	names, err := l.serviceNames(project, at, colour, patterns)
	if err != nil {
		return err
	}
	l.learnProject(project)
	out.Projects[colour] = project
	own := l.withOneShots(project, colour, names)
	out.Application.Models[colour] = l.keyed(modelOf(project, at, colour, own, l.OneShot))
	out.Application.Findings = append(out.Application.Findings, l.commonServices(project, at, colour, own)...)
	if l.OnlyWhatRuns {
		return nil
	}
	if err := refuseReserved(project, at); err != nil {
		return err
	}
	return validate(out.Application.Models[colour], at, func(name string) string { return project.Services[name].Restart })
}

// applicationName returns a Compose project's name without the colour; empty if nothing else is left.
func applicationName(project string) string {
	name := strings.Trim(strings.ReplaceAll(model.ServiceKey(project, model.Blue), "{colour}", ""), "-_.")
	if _, err := model.ParseColour(name); err == nil {
		return ""
	}
	return name
}

// requireName refuses an application that is named only after a colour: every such application on the engine would
// share one lock and one journal.
func (o Options) requireName(project string) error {
	return model.Invalid("the Compose project %q is named only after a colour, so the application has no name for its lock and journal; name it in bluegate.yml: project: %s (older versions called it %q: to continue with their journal, write project: %s)",
		project, folderName(o.Dir), project, project)
}

// folderName returns a folder's name in the form that Compose uses for a project's name.
func folderName(dir string) string {
	name := loader.NormalizeProjectName(filepath.Base(dir))
	if _, err := model.ParseColour(name); err == nil || name == "" {
		return "NAME"
	}
	return name
}

func (l Loader) project(ctx context.Context, colour model.Colour, patterns []string, unset map[string]string) (*types.Project, error) {
	opts := api.ProjectLoadOptions{ProjectName: l.expand(l.Project, colour), EnvFiles: l.envFiles(colour)}
	for _, p := range patterns {
		opts.ConfigPaths = append(opts.ConfigPaths, l.path(p, colour))
	}
	// As with `docker compose -f`, the folder of the first file names the project and is the base of relative paths.
	opts.WorkingDir = cmp.Or(l.Base, filepath.Dir(opts.ConfigPaths[0]))
	var env []string
	for k, v := range unset {
		env = append(env, k+"="+v)
	}
	for k, v := range l.Env[colour] {
		env = append(env, k+"="+v)
	}
	for k, v := range l.Set {
		env = append(env, k+"="+v)
	}
	opts.ProjectOptionsFns = []cli.ProjectOptionsFn{cli.WithEnv(env)}
	if err := refuseEndlessAliases(opts.ConfigPaths); err != nil {
		return nil, err
	}
	project, err := l.read(ctx, opts)
	if err == nil {
		if profiles := l.profiles(project, colour); len(profiles) > 0 {
			opts.Profiles = append(profiles, project.Profiles...)
			project, err = l.read(ctx, opts)
		}
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil {
		return nil, &model.InvalidError{Err: Positioned(err, opts.ConfigPaths)}
	}
	return project, nil
}

// read has Compose's library read the files. The library does not look at its context while it computes, so the wait for it
// ends with the context: an interrupted command ends at once, and what still computes ends with the process. It only reads.
func (l Loader) read(ctx context.Context, opts api.ProjectLoadOptions) (*types.Project, error) {
	type result struct {
		project  *types.Project
		err      error
		panicked any
	}
	done := make(chan result, 1)
	go func() {
		var r result
		defer func() {
			r.panicked = recover() // a panic is the caller's, who has something to undo
			done <- r
		}()
		r.project, r.err = l.Compose.LoadProject(ctx, opts)
	}()
	select {
	case r := <-done:
		if r.panicked != nil {
			panic(r.panicked)
		}
		return r.project, r.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}
