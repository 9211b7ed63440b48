package compose

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/docker/compose/v5/pkg/api"
	"github.com/docker/compose/v5/pkg/compose"
	"github.com/docker/docker/api/types/container"

	"bluegate/compose/engine"
	"bluegate/deploy/model"
	"bluegate/deploy/redact"
)

// buildLines is how many lines of a failed build's log are shown.
const buildLines = 30

// Build implements model.ImageStore. It builds as Compose does: with BuildKit where the engine and the docker command have
// it, otherwise with the engine's classic builder. It builds one service after the other, so that a log belongs to one
// of them.
func (s *Stack) Build(ctx context.Context, m model.Model, services []string, tell func(model.Transfer)) error {
	for _, name := range services {
		service, _ := m.Service(name)
		log := &buildLog{Tail: redact.Tail{Size: logSize}, steps: buildSteps{image: service.Image, tell: tell}}
		began := time.Now()
		log.steps.begin()
		err := s.build(ctx, m, name, log)
		if err != nil {
			s.removeBuildContainer(ctx, began, log)
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			if lost := s.engine.Unreachable(err); lost != err {
				return lost
			}
			lines := redact.Lines(log.Bytes())
			return &model.RefusedError{Reasons: []model.Reason{{
				Code: model.BuildFailed, Service: name, LogTail: lines[max(0, len(lines)-buildLines):],
				Message: fmt.Sprintf("build %s (%s): %s", service.Image, service.Place, redact.Sanitize(err.Error())),
			}}}
		}
		log.steps.end()
	}
	return nil
}

func (s *Stack) build(ctx context.Context, m model.Model, name string, log *buildLog) error {
	builder, err := compose.NewComposeService(s.cli, compose.WithPrompt(answerNo), compose.WithStreams(log, log, strings.NewReader("")))
	if err != nil {
		return fmt.Errorf("set up Compose: %w", err)
	}
	project, err := s.projects[m.Colour].WithServicesTransform(func(_ string, c types.ServiceConfig) (types.ServiceConfig, error) {
		c.PullPolicy = types.PullPolicyBuild // otherwise an existing image is used
		return c, nil
	})
	if err != nil {
		return fmt.Errorf("prepare project %s: %w", m.ComposeProject, err)
	}
	return builder.Build(ctx, project, api.BuildOptions{Services: []string{name}, Progress: "plain", Out: log})
}

// buildLog is the end of a build's log. Compose writes it from several goroutines.
type buildLog struct {
	mu sync.Mutex
	redact.Tail
	steps buildSteps
}

func (l *buildLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.steps.write(p)
	return l.Tail.Write(p)
}

// Bytes returns a copy of the end.
func (l *buildLog) Bytes() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Clone(l.Tail.Bytes())
}

// buildContainer matches the line with which the classic builder names the container of a Dockerfile's line.
var buildContainer = regexp.MustCompile(`(?m)^ ---> Running in ([0-9a-f]{12,64})\r?$`)

// removeBuildContainer removes the container in which the classic builder ran the line that failed. The builder keeps
// it, and Compose has no option to remove it. The log is text of the build itself, so the container is removed only if
// it has exited, was created during this build and does not belong to Compose.
func (s *Stack) removeBuildContainer(ctx context.Context, began time.Time, log *buildLog) {
	all := buildContainer.FindAllSubmatch(log.Bytes(), -1)
	if len(all) == 0 {
		return
	}
	ctx, cancel := engine.Asking(context.WithoutCancel(ctx))
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
	_ = engine.RemoveContainer(ctx, s.engine, info.ID) // if that fails, an exited container remains
}
