package nginx

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/pkg/stdcopy"

	"bluegate/deploy/beside"
)

// exec runs a command in nginx's own container, and in no other.
func (c *contained) exec(ctx context.Context, argv ...string) (result, error) {
	return c.execute(ctx, container.ExecOptions{Cmd: argv}, nil, nil)
}

// execute gives the command something to read, where there is something, and another place for what it prints.
func (c *contained) execute(ctx context.Context, o container.ExecOptions, stdin io.Reader, stdout io.Writer) (result, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second) // nginx -t resolves names, and a resolver may be slow
	defer cancel()
	what := fmt.Sprintf("run %q in %s", strings.Join(o.Cmd, " "), c)
	o.AttachStdin, o.AttachStdout, o.AttachStderr = stdin != nil, true, true
	created, err := c.engine.ContainerExecCreate(ctx, c.id(), o)
	if err != nil {
		return result{}, fmt.Errorf("%s: %w", what, err)
	}
	conn, err := beside.Hijacked(ctx, func() (types.HijackedResponse, error) {
		return c.engine.ContainerExecAttach(ctx, created.ID, container.ExecAttachOptions{})
	})
	if err != nil {
		return result{}, fmt.Errorf("%s: %w", what, err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, conn.Close) // the copy below knows no context
	defer stop()
	if stdin != nil {
		go func() {
			_, _ = io.Copy(conn.Conn, stdin) // what failed, the command says
			_ = conn.CloseWrite()
		}()
	}
	var printed, stderr bytes.Buffer
	if stdout == nil {
		stdout = &printed
	}
	if _, err := stdcopy.StdCopy(stdout, &stderr, conn.Reader); err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return result{}, fmt.Errorf("%s: %w", what, err)
	}
	info, err := c.engine.ContainerExecInspect(ctx, created.ID)
	if err != nil {
		return result{}, fmt.Errorf("%s: %w", what, err)
	}
	return result{code: info.ExitCode, stdout: printed.Bytes(), stderr: stderr.String()}, nil
}

// dump implements place.
func (c *contained) dump(ctx context.Context) (result, error) {
	return c.exec(ctx, append([]string{c.command, "-T"}, c.flags...)...)
}
