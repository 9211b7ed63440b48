package incontainer

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/pkg/stdcopy"

	"bluegate/compose/engine"
	"bluegate/nginx/instance"
)

// Exec runs a command in nginx's own container, and in no other.
func (c *Nginx) Exec(ctx context.Context, argv ...string) (instance.Result, error) {
	ctx, cancel := context.WithTimeout(ctx, instance.ExecLimit)
	defer cancel()
	done, err := c.exec(ctx, argv)
	if err != nil {
		return instance.Result{}, fmt.Errorf("run %q in %s: %w", strings.Join(argv, " "), c, err)
	}
	return done, nil
}

func (c *Nginx) exec(ctx context.Context, argv []string) (instance.Result, error) {
	created, err := c.Engine.ContainerExecCreate(ctx, c.ID(), container.ExecOptions{Cmd: argv, AttachStdout: true, AttachStderr: true})
	if err != nil {
		return instance.Result{}, err
	}
	conn, err := engine.Hijacked(ctx, func() (types.HijackedResponse, error) {
		return c.Engine.ContainerExecAttach(ctx, created.ID, container.ExecAttachOptions{})
	})
	if err != nil {
		return instance.Result{}, err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, conn.Close) // the copy below knows no context
	defer stop()
	var stdout, stderr bytes.Buffer
	if _, err := stdcopy.StdCopy(&stdout, &stderr, conn.Reader); err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return instance.Result{}, err
	}
	info, err := c.Engine.ContainerExecInspect(ctx, created.ID)
	if err != nil {
		return instance.Result{}, err
	}
	return instance.Result{Code: info.ExitCode, Stdout: stdout.Bytes(), Stderr: stderr.String()}, nil
}
