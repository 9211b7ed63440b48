package nginx

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/container"
)

// readied is an `nginx -T` that waits in nginx's container for its word. To start a command there takes the engine many
// times as long as nginx takes to test its configuration, and users would wait for that. It ends with the connection.
type readied struct {
	id   string
	conn types.HijackedResponse
}

func (w *readied) close() {
	if w != nil {
		w.conn.Close()
	}
}

func (c *contained) dumping() []string { return append([]string{c.command, "-T"}, c.flags...) }

// ready implements place. Where the image has no shell, dump finds that out.
func (c *contained) ready(ctx context.Context) {
	if c.waiting != nil || !c.running {
		return
	}
	ctx, cancel := asking(ctx)
	defer cancel()
	argv := append([]string{"sh", "-c", `read -r word && exec "$@"`, "sh"}, c.dumping()...)
	id, conn, err := c.begin(ctx, container.ExecOptions{Cmd: argv, AttachStdin: true})
	if err == nil {
		c.waiting = &readied{id, conn}
	}
}

// dump implements place.
func (c *contained) dump(ctx context.Context) (result, error) {
	ctx, cancel := context.WithTimeout(ctx, execLimit) // for both
	defer cancel()
	if w := c.waiting; w != nil {
		c.waiting = nil
		if done, err := c.release(ctx, w); err == nil {
			return done, nil
		}
	}
	return c.exec(ctx, c.dumping()...)
}

// errNoDump says that what was ready did not become an `nginx -T`.
var errNoDump = errors.New("nginx -T was not executed")

// release gives the waiting command its word.
func (c *contained) release(ctx context.Context, w *readied) (result, error) {
	_ = w.conn.Conn.SetWriteDeadline(time.Now().Add(askLimit))
	if _, err := w.conn.Conn.Write([]byte("go\n")); err != nil {
		w.close()
		return result{}, err
	}
	done, err := c.hear(ctx, w.id, w.conn, nil)
	passed := done.code == 0 && header.Match(done.stdout)
	failed := done.code == 1 && strings.Contains(done.stderr, "nginx:")
	if err == nil && !passed && !failed { // what ended was the shell
		err = errNoDump
	}
	return done, err
}
