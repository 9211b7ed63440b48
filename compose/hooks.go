package compose

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/containerd/errdefs"
	"github.com/docker/compose/v5/pkg/api"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"golang.org/x/sync/errgroup"

	"bluegate/compose/engine"
	"bluegate/deploy/model"
	"bluegate/deploy/redact"
)

// The hooks of a Compose file. Compose runs pre_start and post_start when it starts a release. It never stops one, so
// pre_stop is run here, as `docker compose stop` would do it with the files as they are now.

// How long the pre_stop hooks of a container may take together: of one that stops after it has served, and of one that is
// removed, which no user is on. An interrupted run may have 10 s for all that it undoes, before CI kills it. The engine
// cannot end a hook: one that takes longer ends with its container.
const (
	preStopLimit   = time.Minute
	preRemoveLimit = 5 * time.Second
)

// beforeStop runs the pre_stop hooks of a container that runs, and returns how they failed. A container that ended in the
// meantime needs none.
func (s *Stack) beforeStop(ctx context.Context, c model.Container, limit time.Duration) error {
	project := s.projects[c.Colour]
	if !c.Running || project == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for i, hook := range project.Services[c.Service].PreStop {
		output, code, err := s.execute(ctx, c, container.ExecOptions{
			Cmd: hook.Command, User: hook.User, Privileged: hook.Privileged, WorkingDir: hook.WorkingDir, Env: hook.Environment.ToMapping().Values(),
			AttachStdout: true, AttachStderr: true,
		})
		switch {
		case errdefs.IsNotFound(err), errdefs.IsConflict(err):
			return nil
		case err != nil:
			return fmt.Errorf("pre_stop[%d] of %s: %w", i, c.Name, err)
		case code != 0:
			return fmt.Errorf("pre_stop[%d] of %s exited with code %d: %s", i, c.Name, code, cmp.Or(redact.Sanitize(strings.TrimSpace(string(output))), "it printed nothing"))
		}
	}
	return nil
}

// hookFailures collects what went wrong with the hooks of containers that end side by side.
type hookFailures struct {
	mu     sync.Mutex
	failed []error
}

func (f *hookFailures) add(err error) {
	if err == nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failed = append(f.failed, err)
}

// after returns the error of the stop itself, otherwise a *model.StopHookError where hooks failed.
func (f *hookFailures) after(err error) error {
	if err != nil || len(f.failed) == 0 {
		return err
	}
	return &model.StopHookError{Err: errors.Join(f.failed...)}
}

// retained is what Compose says of the container of a failed pre_start hook, which is removed with the release.
var retained = regexp.MustCompile(` \(hook container [0-9a-f]+ retained for inspection\)`)

// hookError is an error of Compose's start without what is not true here.
func hookError(err error) error {
	if err == nil || !retained.MatchString(err.Error()) {
		return err
	}
	return errors.New(retained.ReplaceAllString(err.Error(), ""))
}

// isHook says whether labels are those of the container of a pre_start hook. One with the hash of a service's
// configuration is the service's own, and has the label from its image.
func isHook(labels map[string]string) bool {
	return labels[api.HookLabel] != "" && labels[api.ConfigHashLabel] == ""
}

// removeHookContainers removes what is left of the pre_start hooks of the services of these containers: Compose keeps the
// container of a hook that failed.
func (s *Stack) removeHookContainers(ctx context.Context, of []model.Container) error {
	services := map[model.Colour]map[string]bool{}
	for _, c := range of {
		if services[c.Colour] == nil {
			services[c.Colour] = map[string]bool{}
		}
		services[c.Colour][c.Service] = true
	}
	group, ctx := errgroup.WithContext(ctx)
	for colour, own := range services {
		project := s.projects[colour]
		if project == nil {
			continue
		}
		rows, err := s.engine.Rows(ctx, "of hooks of project "+project.Name, filters.NewArgs(filters.Arg("label", api.ProjectLabel+"="+project.Name), filters.Arg("label", api.HookLabel)))
		if err != nil {
			return err
		}
		for _, row := range rows {
			if own[row.Labels[api.ServiceLabel]] && isHook(row.Labels) {
				group.Go(func() error { return engine.RemoveContainer(ctx, s.engine, row.ID) })
			}
		}
	}
	return group.Wait()
}

// startHooks are the post_start hooks of a service, as a release that is kept needs them when it comes back.
func (s *Stack) startHooks(colour model.Colour, service string) []types.ServiceHook {
	if project := s.projects[colour]; project != nil {
		return project.Services[service].PostStart
	}
	return nil
}
