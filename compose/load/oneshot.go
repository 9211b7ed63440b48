package load

import (
	"slices"

	"github.com/compose-spec/compose-go/v2/types"

	"bluegate/deploy/model"
)

// withOneShots adds the one-shots that a colour's services wait for, and the configured ones. A release includes its
// own migration, whether or not that is named after the colour.
func (o Options) withOneShots(project *types.Project, colour model.Colour, own []string) []string {
	names := slices.Clone(own)
	for name := range project.Services {
		awaited := slices.ContainsFunc(own, func(waiting string) bool {
			return project.Services[waiting].DependsOn[name].Condition == types.ServiceConditionCompletedSuccessfully
		})
		configured := slices.ContainsFunc(o.OneShot, func(pattern string) bool { return o.expand(pattern, colour) == name })
		if (awaited || configured) && !slices.Contains(names, name) && !hasColour(name, colour.Other()) {
			names = append(names, name)
		}
	}
	return names
}

// markShared marks the one-shots that both colours have in one Compose project. A release replaces the completed one of
// the other colour.
func markShared(app model.Application) {
	blue, green := app.Models[model.Blue], app.Models[model.Green]
	if blue.ComposeProject != green.ComposeProject {
		return
	}
	for i, a := range blue.Services {
		for k, b := range green.Services {
			if a.Name == b.Name && a.OneShot && b.OneShot {
				blue.Services[i].Shared, green.Services[k].Shared = true, true
			}
		}
	}
}
