package nginx

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/client"

	"bluegate/compose/engine"
	"bluegate/deploy/model"
	"bluegate/nginx/fsys"
)

// contained is an nginx that runs, or would run, in a container. It implements place.
type contained struct {
	engine  *client.Client
	opts    Options
	project string // names the containers of ours

	info    container.InspectResponse
	name    string
	main    string // path of its main configuration file
	command string
	flags   []string
	running bool

	title string // of its master, when it was opened
	agent *agentOf
}

var _ place = (*contained)(nil)

func (c *contained) id() string       { return c.info.ID }
func (c *contained) String() string   { return fmt.Sprintf("container %q", c.name) }
func (c *contained) runs() bool       { return c.running }
func (c *contained) mainFile() string { return c.main }

// files implements place. What an nginx that runs sees, its agent sees; else the engine's archive call tells.
func (c *contained) files(ctx context.Context) fsys.Source {
	if help := c.agent.now(); help != nil && help.root != 0 && !help.Ended() {
		return help.files(ctx)
	}
	return newArchive(ctx, c.engine, c.id())
}

// mainFiles are where nginx's main configuration is when its command line does not say.
var mainFiles = []string{"/etc/nginx/nginx.conf", "/usr/local/openresty/nginx/conf/nginx.conf", "/usr/local/nginx/conf/nginx.conf", "/opt/bitnami/nginx/conf/nginx.conf"}

// openContainer inspects a container and says how nginx runs in it; errNoMaster when it runs and no nginx does.
func openContainer(ctx context.Context, docker *client.Client, opts Options, project, id string) (*contained, error) {
	ask, cancel := engine.Asking(ctx)
	defer cancel()
	info, err := docker.ContainerInspect(ask, id)
	if err != nil {
		return nil, fmt.Errorf("inspect container %s: %w", id, err)
	}
	c := &contained{engine: docker, opts: opts, project: project, info: info, name: strings.TrimPrefix(info.Name, "/"), command: "nginx", agent: &agentOf{}}
	c.running = runsIn(info)
	if c.running {
		s, err := c.processes(ctx)
		if err != nil {
			return nil, err
		}
		c.command, c.flags = s.Command()
		c.title = s.Master.Title
	} else {
		c.flags = configFlags(append([]string{info.Path}, info.Args...))
	}
	c.main, err = c.findMain(ctx)
	return c, err
}

func runsIn(info container.InspectResponse) bool {
	return info.State.Running && !info.State.Restarting && !info.State.Paused
}

// configFlags are those of a command that starts nginx, if one does: what stands before it is an entrypoint's, an init's
// or a shell's own.
func configFlags(words []string) (flags []string) {
	words = strings.Fields(strings.Join(words, " ")) // sh -c "nginx -c ..." is three
	at := slices.IndexFunc(words, func(w string) bool { return slices.Contains(executables, path.Base(w)) })
	for at++; at > 0 && at+1 < len(words); at++ {
		if slices.Contains([]string{"-c", "-p", "-e"}, words[at]) {
			flags = append(flags, words[at], words[at+1])
		}
	}
	return flags
}

var executables = []string{"nginx", "openresty", "nginx-debug"}

// mainFiles are where the main file may be: none where nginx says another than the options do.
func (c *contained) mainFiles() []string {
	said := ""
	if at := slices.Index(c.flags, "-c"); at >= 0 {
		if said = c.flags[at+1]; !path.IsAbs(said) {
			prefix := "/etc/nginx"
			if p := slices.Index(c.flags, "-p"); p >= 0 {
				prefix = c.flags[p+1]
			}
			said = path.Join(prefix, said)
		}
	}
	switch want := c.opts.Config; {
	case said == "" && want == "":
		return mainFiles
	case said == "":
		return []string{want}
	case want != "" && path.Clean(want) != path.Clean(said):
		return nil
	}
	return []string{said}
}

func (c *contained) findMain(ctx context.Context) (string, error) {
	for _, file := range c.mainFiles() {
		err := c.stat(ctx, file)
		if err == nil {
			return file, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("look at %s in %s: %w", file, c, err)
		}
	}
	if c.running && c.opts.Config == "" && !slices.Contains(c.flags, "-c") {
		return c.builtInMain(ctx)
	}
	return "", nil
}

// builtIn is where nginx was built to find its main configuration, as `nginx -V` prints it.
var builtIn = regexp.MustCompile(`--conf-path=(\S+)`)

// builtInMain is the main configuration of an nginx that was built with a path of its own.
func (c *contained) builtInMain(ctx context.Context) (string, error) {
	told, err := c.exec(ctx, c.command, "-V")
	if err != nil {
		return "", err
	}
	m := builtIn.FindStringSubmatch(told.stderr)
	if m == nil {
		return "", nil
	}
	err = c.stat(ctx, m[1])
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return m[1], err
}

// stat says whether there is something at a path.
func (c *contained) stat(ctx context.Context, file string) error {
	if _, ok := c.memoryOf(file); ok && c.running {
		help, err := c.started(ctx, nil)
		if err != nil {
			return err
		}
		_, _, err = help.files(ctx).Entry(file)
		return err
	}
	ctx, cancel := engine.Asking(ctx)
	defer cancel()
	_, err := c.engine.ContainerStatPath(ctx, c.id(), file)
	if errdefs.IsNotFound(err) {
		return fs.ErrNotExist
	}
	return err
}

// again opens the same container anew if it was started since, and keeps its helper.
func (c *contained) again(ctx context.Context) (changed bool, err error) {
	ask, cancel := engine.Asking(ctx)
	defer cancel()
	info, err := c.engine.ContainerInspect(ask, c.id())
	if err != nil {
		return false, fmt.Errorf("inspect %s: %w", c, err)
	}
	if c.running && runsIn(info) && info.State.StartedAt == c.info.State.StartedAt {
		c.info = info
		return false, nil
	}
	now, err := openContainer(ctx, c.engine, c.opts, c.project, c.id())
	if err != nil {
		return false, err
	}
	changed = now.info.State.StartedAt != c.info.State.StartedAt
	if changed {
		err = c.close(ctx)
	}
	c.info, c.main, c.command, c.flags, c.running, c.title = now.info, now.main, now.command, now.flags, now.running, now.title
	return changed, errors.Join(err, now.close(ctx))
}

// follow implements place. The agent ended with an nginx that was restarted.
func (c *contained) follow(ctx context.Context, files []model.FileChange) error {
	_, err := c.again(ctx)
	switch {
	case err != nil:
		return err
	case !c.running:
		return &model.UnreachableError{What: "nginx", Err: fmt.Errorf("%s does not run", c)}
	}
	return c.prepare(ctx, files)
}

// start implements place.
func (c *contained) start(ctx context.Context) error {
	if c.info.State.Restarting {
		return c.engine.ContainerRestart(ctx, c.id(), container.StopOptions{})
	}
	return c.engine.ContainerStart(ctx, c.id(), container.StartOptions{})
}

// stop implements place. The engine revives no container that it was told to stop.
func (c *contained) stop(ctx context.Context) error {
	if err := c.engine.ContainerStop(ctx, c.id(), container.StopOptions{}); err != nil {
		return fmt.Errorf("stop %s again: %w", c, err)
	}
	_, err := c.again(ctx)
	return err
}

func (c *contained) stillThere(ctx context.Context) bool {
	ctx, cancel := engine.Asking(ctx)
	defer cancel()
	info, err := c.engine.ContainerInspect(ctx, c.id())
	return err != nil || info.State.Running
}

func (c *contained) advise() string { return fmt.Sprintf("docker exec %s nginx -s reload", c.name) }

func (c *contained) stale(file string) string {
	return fmt.Sprintf("the mounted file was replaced, and nginx still has the old one; restart %s once, and mount the directory instead of the file", c)
}
