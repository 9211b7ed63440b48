package compose

import (
	"context"
	"regexp"
	"time"

	"github.com/docker/compose/v5/pkg/api"
	"github.com/docker/docker/api/types/container"
)

// ranIn is how the classic builder tells of the container in which it runs a line of a Dockerfile.
var ranIn = regexp.MustCompile(`(?m)^ ---> Running in ([0-9a-f]{12,64})\r?$`)

// removeRest removes the container in which the classic builder ran the line that failed. It leaves that one behind, and
// Compose cannot ask it not to. The log is the build's own text, so a container is only believed to be the builder's
// when it has ended, is of this build's time, and is none of Compose's.
func (s *Stack) removeRest(ctx context.Context, began time.Time, log *lastBytes) {
	all := ranIn.FindAllSubmatch(log.bytes(), -1)
	if len(all) == 0 {
		return
	}
	ctx, cancel := asking(context.WithoutCancel(ctx))
	defer cancel()
	info, err := s.engine.ContainerInspect(ctx, string(all[len(all)-1][1]))
	if err != nil || info.ContainerJSONBase == nil || info.State == nil || info.Config == nil {
		return
	}
	created, err := time.Parse(time.RFC3339Nano, info.Created)
	if err != nil || created.Add(s.engine.Skew).Before(began.Add(-time.Second)) {
		return
	}
	if info.State.Status != container.StateExited || info.Config.Labels[api.ProjectLabel] != "" {
		return
	}
	_ = removeContainer(ctx, s.engine, info.ID) // what stays is an empty shell
}
