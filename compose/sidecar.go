package compose

import (
	"context"
	"errors"
	"fmt"

	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/pkg/stdcopy"

	"bluegate/compose/engine"
	"bluegate/deploy/model"
	"bluegate/deploy/redact"
)

// Sidecar is bluegate's executable in the network namespace of an application's container.
type Sidecar struct {
	*engine.Streams
	engine *engine.Engine
	id     string
}

// StartSidecar starts a static executable in the network namespace of a container. It uses the same image, the only one
// that certainly exists. The sidecar ends when its streams close, and removes itself.
func (s *Stack) StartSidecar(ctx context.Context, c model.Container, executable func(architecture string) ([]byte, []string, error)) (*Sidecar, error) {
	architecture, err := s.engine.Architecture(ctx)
	if err != nil {
		return nil, err
	}
	binary, args, err := executable(architecture)
	if err != nil {
		return nil, err
	}
	ask, cancel := engine.Asking(ctx)
	defer cancel()
	info, err := s.engine.ContainerInspect(ask, c.ID)
	if err != nil {
		return nil, s.engine.Unreachable(fmt.Errorf("inspect %s: %w", c.Name, err))
	}
	config := engine.HelperConfig(args)
	config.Image, config.Healthcheck = info.Image, &container.HealthConfig{Test: []string{"NONE"}}
	config.Labels = engine.HelperLabels("beside", s.name, s.engine.Looks)
	if err := engine.HideImageLabels(ask, s.engine.Client, info.Image, config.Labels); err != nil {
		return nil, s.engine.Unreachable(err)
	}
	host := &container.HostConfig{NetworkMode: container.NetworkMode("container:" + c.ID), AutoRemove: true}
	if info.HostConfig != nil {
		host.UsernsMode = info.HostConfig.UsernsMode // a network namespace belongs to a user namespace
	}
	// The engine completes a creation even if its caller is gone, and then nobody would remove the container.
	creating, cancelCreating := engine.Asking(context.WithoutCancel(ctx))
	defer cancelCreating()
	made, err := s.engine.ContainerCreate(creating, config, host, nil, nil, engine.HelperName("beside", s.name))
	if err != nil {
		return nil, s.engine.Unreachable(fmt.Errorf("create a helper next to %s: %w", c.Name, err))
	}
	b := &Sidecar{engine: s.engine, id: made.ID}
	if b.Streams, err = engine.StartHelper(ctx, s.engine.Client, made.ID, binary); err != nil {
		return nil, s.engine.Unreachable(errors.Join(fmt.Errorf("start a helper next to %s: %w", c.Name, err), b.remove(context.WithoutCancel(ctx))))
	}
	return b, nil
}

// Close ends the program and removes its container.
func (b *Sidecar) Close(ctx context.Context) error {
	b.Streams.Close()
	return b.remove(ctx)
}

func (b *Sidecar) remove(ctx context.Context) error {
	ctx, cancel := engine.Asking(ctx)
	defer cancel()
	return engine.RemoveContainer(ctx, b.engine, b.id)
}

// execOutput is how much of a command's output is kept: its end, where a failing program says why.
const execOutput = 16 << 10

// Exec runs a command in a container and returns the end of its output and its exit code. If ctx ends, the command
// continues in the container: the engine cannot end it.
func (s *Stack) Exec(ctx context.Context, c model.Container, argv []string) (output []byte, code int, err error) {
	return s.execute(ctx, c, container.ExecOptions{Cmd: argv, AttachStdout: true, AttachStderr: true})
}

func (s *Stack) execute(ctx context.Context, c model.Container, command container.ExecOptions) (output []byte, code int, err error) {
	fail := func(err error) ([]byte, int, error) {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return output, 0, s.engine.Unreachable(fmt.Errorf("run %q in %s: %w", command.Cmd[0], c.Name, err))
	}
	ask, cancel := engine.Asking(ctx)
	defer cancel()
	created, err := s.engine.ContainerExecCreate(ask, c.ID, command)
	if err != nil {
		return fail(err)
	}
	conn, err := engine.Hijacked(ctx, func() (types.HijackedResponse, error) {
		return s.engine.ContainerExecAttach(ctx, created.ID, container.ExecAttachOptions{})
	})
	if err != nil {
		return fail(err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, conn.Close) // the copy below does not observe ctx
	defer stop()
	kept := redact.Tail{Size: execOutput}
	_, err = stdcopy.StdCopy(&kept, &kept, conn.Reader)
	output = kept.Bytes()
	if err != nil {
		return fail(err)
	}
	if code, err = s.exitCode(ctx, created.ID); err != nil {
		return fail(err)
	}
	return output, code, nil
}

// exitCode returns the exit code of a command that has ended, even if ctx has ended since.
func (s *Stack) exitCode(ctx context.Context, command string) (int, error) {
	ctx, cancel := engine.Asking(context.WithoutCancel(ctx))
	defer cancel()
	info, err := s.engine.ContainerExecInspect(ctx, command)
	return info.ExitCode, err
}
