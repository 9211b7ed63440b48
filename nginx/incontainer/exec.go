package incontainer

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/pkg/stdcopy"

	"bluegate/compose/engine"
	"bluegate/nginx/instance"
)

// Exec runs a command in nginx's own container, and in no other.
func (c *Nginx) Exec(ctx context.Context, argv ...string) (instance.Result, error) {
	return c.execute(ctx, container.ExecOptions{Cmd: argv}, nil, nil)
}

// execute gives the command something to read, where there is something, and another place for what it prints.
func (c *Nginx) execute(ctx context.Context, o container.ExecOptions, stdin io.Reader, stdout io.Writer) (instance.Result, error) {
	ctx, cancel := context.WithTimeout(ctx, instance.ExecLimit)
	defer cancel()
	what := fmt.Sprintf("run %q in %s", strings.Join(o.Cmd, " "), c)
	o.AttachStdin = stdin != nil
	id, conn, err := c.begin(ctx, o)
	if err != nil {
		return instance.Result{}, fmt.Errorf("%s: %w", what, err)
	}
	if stdin != nil {
		go func() {
			_, _ = io.Copy(conn.Conn, stdin) // what failed, the command says
			_ = conn.CloseWrite()
		}()
	}
	done, err := c.hear(ctx, id, conn, stdout)
	if err != nil {
		return instance.Result{}, fmt.Errorf("%s: %w", what, err)
	}
	return done, nil
}

// begin starts a command and is connected to it.
func (c *Nginx) begin(ctx context.Context, o container.ExecOptions) (id string, conn types.HijackedResponse, err error) {
	o.AttachStdout, o.AttachStderr = true, true
	created, err := c.Engine.ContainerExecCreate(ctx, c.ID(), o)
	if err != nil {
		return "", conn, err
	}
	conn, err = engine.Hijacked(ctx, func() (types.HijackedResponse, error) {
		return c.Engine.ContainerExecAttach(ctx, created.ID, container.ExecAttachOptions{})
	})
	return created.ID, conn, err
}

// hear takes what a command says until it ends, and closes the connection.
func (c *Nginx) hear(ctx context.Context, id string, conn types.HijackedResponse, stdout io.Writer) (instance.Result, error) {
	defer conn.Close()
	stop := context.AfterFunc(ctx, conn.Close) // the copy below knows no context
	defer stop()
	var printed, stderr bytes.Buffer
	if stdout == nil {
		stdout = &printed
	}
	if _, err := stdcopy.StdCopy(stdout, &stderr, conn.Reader); err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return instance.Result{}, err
	}
	info, err := c.Engine.ContainerExecInspect(ctx, id)
	if err != nil {
		return instance.Result{}, err
	}
	return instance.Result{Code: info.ExitCode, Stdout: printed.Bytes(), Stderr: stderr.String()}, nil
}
