package load

import (
	"context"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"

	"bluegate/deploy/model"
)

// isOneSet says whether the files describe the same services for both colours: no file, project, variable or service
// differs between them.
func (o Options) isOneSet(project *types.Project, patterns []string) bool {
	same := func(text string) bool { return o.expand(text, model.Blue) == o.expand(text, model.Green) }
	if len(o.Services) > 0 || !same(o.Project) || !maps.Equal(o.Env[model.Blue], o.Env[model.Green]) {
		return false
	}
	if slices.ContainsFunc(slices.Concat(patterns, o.EnvFiles), func(name string) bool { return !same(name) }) {
		return false
	}
	return !slices.ContainsFunc(slices.Concat(project.ServiceNames(), project.DisabledServiceNames()), func(name string) bool {
		return hasColour(name, model.Blue) || hasColour(name, model.Green)
	})
}

// refuseOneSet refuses files without colours: a deployment would start everything in them a second time.
func refuseOneSet(project *types.Project) error {
	var names []string
	for _, file := range project.ComposeFiles {
		names = append(names, filepath.Base(file))
	}
	return model.Invalid("%s has one set of services and no colours (%s); bluegate needs the services behind nginx twice: run `bluegate init`, which shows the edit",
		strings.Join(names, ", "), strings.Join(project.ServiceNames(), ", "))
}

// OneSet is what Compose files without colours say.
type OneSet struct {
	Project *types.Project
	Model   model.Model // all services, as if they were blue's
}

// OneSet reads the files as one set of services. Every error is a *model.InvalidError that names the place.
func (l Loader) OneSet(ctx context.Context) (OneSet, error) {
	patterns, err := l.FilesFound()
	if err != nil {
		return OneSet{}, err
	}
	project, err := l.project(ctx, model.None, patterns, nil)
	if err != nil {
		return OneSet{}, err
	}
	if !l.isOneSet(project, patterns) {
		return OneSet{}, model.Invalid("%s has colours", strings.Join(patterns, ", "))
	}
	l.learnProject(project)
	return OneSet{project, modelOf(project, Locate(project.ComposeFiles), model.Blue, project.ServiceNames(), l.OneShot)}, nil
}
