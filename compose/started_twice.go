package compose

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/docker/compose/v5/pkg/api"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"

	"bluegate/compose/load"
	"bluegate/deploy/model"
)

// startedTwice refuses a release with which Compose would start a database, a queue, a cache or a proxy that runs
// already in another project of the same folder. That happens where each colour has a project of its own and depends on
// one that both should share. One that is listed as a service of the colour is meant to exist once for each.
func (s *Stack) startedTwice(ctx context.Context, m coming) (reasons []model.Reason, err error) {
	project, there := m.project, m.there
	for _, name := range project.ServiceNames() {
		what := load.SharedKind(project.Services[name].Image, name)
		if _, own := m.Service(name); own || what == "" || there[name] > 0 {
			continue
		}
		rows, err := s.engine.Rows(ctx, "of service "+name, filters.NewArgs(filters.Arg("label", api.ServiceLabel+"="+name), filters.Arg("label", api.WorkingDirLabel+"="+project.WorkingDir)))
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(rows, func(row container.Summary) bool {
			return row.State == container.StateRunning && row.Labels[api.ProjectLabel] != project.Name
		})
		if i < 0 {
			continue
		}
		reasons = append(reasons, model.Reason{Code: model.CannotCoexist, Service: name, Message: fmt.Sprintf(
			"%s depends on %s, %s that runs already as container %s of project %s; a deployment in project %s would start a second one. Give both colours one project (compose.project), or move %s into a Compose file and project of its own; if each colour is to have one, list it in compose.services",
			m.Colour, name, what, strings.TrimPrefix(slices.Concat(rows[i].Names, []string{rows[i].ID})[0], "/"), rows[i].Labels[api.ProjectLabel], project.Name, name)})
	}
	return reasons, nil
}
