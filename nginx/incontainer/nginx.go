package incontainer

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
	"bluegate/nginx/agent"
	"bluegate/nginx/fsys"
	"bluegate/nginx/instance"
)

// Nginx is an nginx that runs, or would run, in a container. It implements instance.Instance.
type Nginx struct {
	Engine  *client.Client
	Opts    instance.Options
	project string // names the containers of ours

	Info    container.InspectResponse
	Name    string
	main    string // path of its main configuration file
	command string
	Flags   []string
	Running bool

	title string // of its master, when it was opened
	// OtherMasters are the titles of further masters in the container, of which nothing is read.
	OtherMasters []string
	agent        *agentHolder
}

var _ instance.Instance = (*Nginx)(nil)

func (c *Nginx) ID() string      { return c.Info.ID }
func (c *Nginx) String() string  { return fmt.Sprintf("container %q", c.Name) }
func (c *Nginx) IsRunning() bool { return c.Running }

// SwarmService is the service of a Swarm of which nginx is a task; empty: it is a container of its own.
func (c *Nginx) SwarmService() string {
	if c.Info.Config == nil {
		return ""
	}
	return c.Info.Config.Labels[swarmService]
}

func (c *Nginx) MainFile() string { return c.main }

// Files implements instance.Files. What an nginx that runs sees, its agent sees; else the engine's archive call tells, which
// does not show a tmpfs.
func (c *Nginx) Files(ctx context.Context) fsys.Source {
	help := c.agent.now()
	if help == nil && c.Running && c.agent != nil && c.configInTmpfs() {
		var err error
		if help, err = c.started(ctx, nil); err != nil {
			return fsys.Failed(err)
		}
	}
	return c.seen(ctx, help)
}

// seen is what an agent sees, if it sees nginx's files.
func (c *Nginx) seen(ctx context.Context, help *agentContainer) fsys.Source {
	if help != nil && help.root.Load() != 0 && !help.Ended() {
		return help.files(ctx)
	}
	return NewArchive(ctx, c.Engine, c.ID())
}

// configInTmpfs says whether a part of the configuration may lie in a tmpfs.
func (c *Nginx) configInTmpfs() bool {
	return slices.ContainsFunc(c.tmpfs(), func(target string) bool {
		return c.main == "" || fsys.Under(c.main, target) || fsys.Under(target, path.Dir(c.main))
	})
}

// MainFiles are where nginx's main configuration is when its command line does not say.
var MainFiles = []string{"/etc/nginx/nginx.conf", "/usr/local/openresty/nginx/conf/nginx.conf", "/usr/local/nginx/conf/nginx.conf", "/opt/bitnami/nginx/conf/nginx.conf"}

// Open inspects a container and says how nginx runs in it; errNoMaster when it runs and no nginx does.
func Open(ctx context.Context, docker *client.Client, opts instance.Options, project, id string) (*Nginx, error) {
	ask, cancel := engine.Asking(ctx)
	defer cancel()
	info, err := docker.ContainerInspect(ask, id)
	if err != nil {
		return nil, fmt.Errorf("inspect container %s: %w", id, err)
	}
	c := &Nginx{Engine: docker, Opts: opts, project: project, Info: info, Name: strings.TrimPrefix(info.Name, "/"), command: "nginx", agent: &agentHolder{}}
	c.Running = runsIn(info)
	if c.Running {
		s, err := c.Processes(ctx)
		if err != nil {
			return nil, err
		}
		c.command, c.Flags = s.Command()
		c.title = s.Master.Title
		for _, p := range s.Others {
			c.OtherMasters = append(c.OtherMasters, p.Title)
		}
	} else {
		c.Flags = configFlags(append([]string{info.Path}, info.Args...))
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
	if at < 0 {
		return nil
	}
	flags = agent.Flags(words[at+1:])
	if g := slices.Index(flags, "-g"); g >= 0 { // whose quotes are a shell's
		flags = slices.Delete(flags, g, g+2)
	}
	return flags
}

var executables = []string{"nginx", "openresty", "nginx-debug"}

// MainFiles are where the main file may be: none where nginx says another than the options do.
func (c *Nginx) MainFiles() []string {
	said := ""
	if at := slices.Index(c.Flags, "-c"); at >= 0 {
		if said = c.Flags[at+1]; !path.IsAbs(said) {
			prefix := "/etc/nginx"
			if p := slices.Index(c.Flags, "-p"); p >= 0 {
				prefix = c.Flags[p+1]
			}
			said = path.Join(prefix, said)
		}
	}
	switch want := c.Opts.Config; {
	case said == "" && want == "":
		return MainFiles
	case said == "":
		return []string{want}
	case want != "" && path.Clean(want) != path.Clean(said):
		return nil
	}
	return []string{said}
}

func (c *Nginx) findMain(ctx context.Context) (string, error) {
	for _, file := range c.MainFiles() {
		err := c.stat(ctx, file)
		if err == nil {
			return file, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("look at %s in %s: %w", file, c, err)
		}
	}
	if c.Running && c.Opts.Config == "" && !slices.Contains(c.Flags, "-c") {
		return c.builtInMain(ctx)
	}
	return "", nil
}

// builtIn is where nginx was built to find its main configuration, as `nginx -V` prints it.
var builtIn = regexp.MustCompile(`--conf-path=(\S+)`)

// builtInMain is the main configuration of an nginx that was built with a path of its own.
func (c *Nginx) builtInMain(ctx context.Context) (string, error) {
	told, err := c.Exec(ctx, c.command, "-V")
	if err != nil {
		return "", err
	}
	m := builtIn.FindStringSubmatch(told.Stderr)
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
func (c *Nginx) stat(ctx context.Context, file string) error {
	if _, ok := c.TmpfsOf(file); ok && c.Running {
		help, err := c.started(ctx, nil)
		if err != nil {
			return err
		}
		_, _, err = help.files(ctx).Entry(file)
		return err
	}
	ctx, cancel := engine.Asking(ctx)
	defer cancel()
	_, err := c.Engine.ContainerStatPath(ctx, c.ID(), file)
	if errdefs.IsNotFound(err) {
		return fs.ErrNotExist
	}
	return err
}

// again opens the same container again, if it was started since, and keeps its helper.
func (c *Nginx) again(ctx context.Context) (changed bool, err error) {
	ask, cancel := engine.Asking(ctx)
	defer cancel()
	info, err := c.Engine.ContainerInspect(ask, c.ID())
	if err != nil {
		return false, fmt.Errorf("inspect %s: %w", c, err)
	}
	if c.Running && runsIn(info) && info.State.StartedAt == c.Info.State.StartedAt {
		c.Info = info
		return false, nil
	}
	now, err := Open(ctx, c.Engine, c.Opts, c.project, c.ID())
	if err != nil {
		return false, err
	}
	changed = now.Info.State.StartedAt != c.Info.State.StartedAt
	if changed {
		err = c.Close(ctx)
	}
	c.Info, c.main, c.command, c.Flags, c.Running, c.title = now.Info, now.main, now.command, now.Flags, now.Running, now.title
	return changed, errors.Join(err, now.Close(ctx))
}

// Follow implements instance.Agent. The agent ended with an nginx that was restarted.
func (c *Nginx) Follow(ctx context.Context, files []model.FileChange) error {
	if err := c.refresh(ctx, files); err != nil {
		return err
	}
	if !c.Running {
		return &model.UnreachableError{What: "nginx", Err: fmt.Errorf("%s does not run", c)}
	}
	return nil
}

// refresh opens the container again and sees to its agent, whether it runs or not.
func (c *Nginx) refresh(ctx context.Context, files []model.FileChange) error {
	c.agent.following.Lock()
	defer c.agent.following.Unlock()
	if _, err := c.again(ctx); err != nil {
		return err
	}
	if !c.Running && len(files) == 0 {
		return nil
	}
	return c.Prepare(ctx, files)
}

// Start implements instance.Instance.
func (c *Nginx) Start(ctx context.Context) error {
	if c.Info.State.Restarting {
		return c.Engine.ContainerRestart(ctx, c.ID(), container.StopOptions{})
	}
	return c.Engine.ContainerStart(ctx, c.ID(), container.StartOptions{})
}

// Stop implements instance.Instance. The engine revives no container that it was told to stop.
func (c *Nginx) Stop(ctx context.Context) error {
	if err := c.Engine.ContainerStop(ctx, c.ID(), container.StopOptions{}); err != nil {
		return fmt.Errorf("stop %s again: %w", c, err)
	}
	_, err := c.again(ctx)
	return err
}

// StillThere says whether the container runs. It says so also where the engine does not answer: its workers
// may serve.
func (c *Nginx) StillThere(ctx context.Context) bool {
	ctx, cancel := engine.Asking(ctx)
	defer cancel()
	info, err := c.Engine.ContainerInspect(ctx, c.ID())
	return err != nil || info.State.Running
}

func (c *Nginx) ReloadCommand() string { return fmt.Sprintf("docker exec %s nginx -s reload", c.Name) }

func (c *Nginx) RunCommand() string { return "docker start " + c.Name }

func (c *Nginx) StaleRemedy(file string) string {
	return fmt.Sprintf("the mounted file was replaced, and nginx still has the old one; restart %s once, and mount the directory instead of the file", c)
}
