package nginx

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"

	"bluegate/deploy/redact"
	"bluegate/nginx/fsys"
)

// A tmpfs is in the mount namespace of its container only: the archive call shows and changes what lies under it. So
// what nginx keeps there is read and written by a process inside, the tar of nginx's image.

// memories are where the container has a tmpfs. Those of `docker run --tmpfs`, and of Compose's tmpfs, are in no list of
// mounts.
func (c *contained) memories() (targets []string) {
	for _, m := range c.info.Mounts {
		if m.Type == mount.TypeTmpfs {
			targets = append(targets, path.Clean(m.Destination))
		}
	}
	if c.info.HostConfig != nil {
		for target := range c.info.HostConfig.Tmpfs {
			targets = append(targets, path.Clean(target))
		}
	}
	slices.Sort(targets)
	return slices.Compact(targets)
}

// memoryOf is the tmpfs in which a file lies, if it lies in one.
func (c *contained) memoryOf(file string) (string, bool) {
	longest, found := "", false
	for _, target := range c.memories() {
		if under(file, target) && len(target) > len(longest) {
			longest, found = target, true
		}
	}
	if m, ok := mountOf(c.info, file); found && ok && len(m.Destination) > len(longest) {
		return "", false
	}
	return longest, found
}

// fetchInside reads a file, or a directory with all below it. A container that does not run has an empty tmpfs.
func (c *contained) fetchInside(ctx context.Context, name string) (tree, error) {
	if !c.running {
		return tree{}, nil
	}
	packed := &bounded{left: fsys.LargestTree + fsys.LargestTree/8}
	argv := []string{"tar", "-c", "-f", "-", "-C", path.Dir(name), path.Base(name)}
	done, err := c.execute(ctx, container.ExecOptions{Cmd: argv, User: "0:0"}, nil, packed)
	switch {
	case err != nil:
	case packed.left < 0:
		err = fsys.ErrTooMuch
	case done.code == noSuchTool || done.code == noTool:
		err = fmt.Errorf("%w: its image has no tar, by which alone it could be read; mount the directory instead", errNoTool)
	case done.code != 0:
		err = errors.New(strings.TrimSpace(redact.Sanitize(done.stderr)))
	}
	if err != nil {
		return nil, fmt.Errorf("read %s, which lies in a tmpfs of %s: %w", name, c, err)
	}
	return readTree(&packed.Buffer, name)
}

// errNoTool says that an image lacks what would have to run in its container.
var errNoTool = errors.New("it cannot be read")

// What a command that could not be run ends with.
const (
	noTool     = 126
	noSuchTool = 127
)

// bounded keeps the first bytes of what is written to it.
type bounded struct {
	bytes.Buffer
	left int
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.left -= len(p); b.left >= 0 {
		b.Buffer.Write(p)
	}
	return len(p), nil
}

// putInside writes what a tar holds.
func (c *contained) putInside(ctx context.Context, packed io.Reader) error {
	if !c.running {
		return fmt.Errorf("it lies in a tmpfs, and %s does not run", c)
	}
	done, err := c.execute(ctx, container.ExecOptions{Cmd: []string{"tar", "-x", "-p", "-f", "-", "-C", "/"}, User: "0:0"}, packed, nil)
	if err == nil && done.code != 0 {
		err = errors.New(strings.TrimSpace(redact.Sanitize(done.stderr + string(done.stdout))))
	}
	return err
}
