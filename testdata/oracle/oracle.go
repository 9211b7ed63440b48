// Package oracle looks at what a command of bluegate left, from Docker and from the bytes that nginx reads. It imports no
// package of the product, so that what the product believes cannot hide what is true.
//
// A test looks before the command and after it. Whatever the command was and however it ended:
//
//   - users who were served are served;
//   - an nginx that could be restarted can be restarted: every host in its files resolves on its networks;
//   - containers and volumes that do not belong to a colour are as they were: not removed, recreated, stopped or restarted;
//   - only names that nginx's files mention for both colours lead to the container that holds names, and none of them is a
//     name of a container of a colour that runs.
package oracle

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/containerd/errdefs"
	containertypes "github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/volume"
	"github.com/docker/docker/client"
	"github.com/docker/docker/pkg/stdcopy"
)

// Setup is what is looked at.
type Setup struct {
	Project string // the Compose project, or the beginning of the projects' names
	URL     string // where users ask
	Limit   time.Duration
}

// State is what was there at one moment.
type State struct {
	Serves  string            // the colour that answered a request with 200; empty: none did
	Starts  bool              // nginx runs and its own test of the files that it reads passes where it runs
	Says    string            // what that test printed
	Outside map[string]string // by name: containers and volumes that are no colour's, and what identifies their present life
	Config  string            // all files that nginx reads
	Held    []string          // the names that lead to the container that holds names
	Names   []string          // the names of the colours' containers that run

	nginx string // the id of the project's nginx, if one runs in a container
}

// colour is a colour's word in a name: api-blue, blue_was and shop-blue-1, not bluebird or evergreen.
var colour = regexp.MustCompile(`(^|[^a-zA-Z])(blue|green)([^a-zA-Z]|$)`)

// engine is the one that the docker command talks to.
var engine = sync.OnceValues(func() (*client.Client, error) {
	return client.NewClientWithOpts(client.FromEnv, client.WithAPIVersionNegotiation())
})

// Look asks Docker, nginx and, as a user does, the application.
func Look(ctx context.Context, s Setup) (State, error) {
	ctx, cancel := context.WithTimeout(ctx, s.Limit)
	defer cancel()
	state := State{Outside: map[string]string{}}
	docker, err := engine()
	if err != nil {
		return state, err
	}
	if err := state.containers(ctx, docker, s); err != nil {
		return state, err
	}
	if err := state.volumes(ctx, docker, s); err != nil {
		return state, err
	}
	if state.nginx != "" {
		var code int
		state.Says, code, err = run(ctx, docker, state.nginx, "nginx", "-T")
		state.Starts, state.Config = err == nil && code == 0, state.Says
	}
	state.Serves = serves(ctx, s.URL)
	return state, ctx.Err()
}

// run executes a command in a container that runs and returns what it printed.
func run(ctx context.Context, docker *client.Client, container string, args ...string) (string, int, error) {
	made, err := docker.ContainerExecCreate(ctx, container, containertypes.ExecOptions{Cmd: args, AttachStdout: true, AttachStderr: true})
	if err != nil {
		return err.Error(), 0, err
	}
	stream, err := docker.ContainerExecAttach(ctx, made.ID, containertypes.ExecAttachOptions{})
	if err != nil {
		return err.Error(), 0, err
	}
	defer stream.Close()
	defer context.AfterFunc(ctx, stream.Close)()
	var out bytes.Buffer
	if _, err := stdcopy.StdCopy(&out, &out, stream.Reader); err != nil {
		return out.String(), 0, err
	}
	info, err := docker.ContainerExecInspect(ctx, made.ID)
	return out.String(), info.ExitCode, err
}

// serves is the colour that answers a request on a connection of its own.
func serves(ctx context.Context, url string) string {
	client := http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/", nil)
	if err != nil {
		return ""
	}
	resp, err := client.Do(req)
	if err != nil {
		return ""
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return ""
	}
	return resp.Header.Get("X-Colour")
}

func (s *State) containers(ctx context.Context, docker *client.Client, setup Setup) error {
	all, err := docker.ContainerList(ctx, containertypes.ListOptions{All: true, Filters: filters.NewArgs(filters.Arg("name", setup.Project))})
	if err != nil {
		return err
	}
	for _, c := range all {
		info, err := docker.ContainerInspect(ctx, c.ID)
		if errdefs.IsNotFound(err) {
			continue
		}
		if err != nil {
			return err
		}
		s.sort(info)
	}
	return nil
}

// sort puts a container where it belongs. Containers of bluegate's own are neither a colour's nor anyone else's.
func (s *State) sort(c containertypes.InspectResponse) {
	name := strings.TrimPrefix(c.Name, "/")
	project, service := c.Config.Labels["com.docker.compose.project"], c.Config.Labels["com.docker.compose.service"]
	switch {
	case strings.HasPrefix(name, "bluegate-names-"):
		for _, n := range c.NetworkSettings.Networks {
			for _, alias := range n.Aliases {
				if alias != name && !strings.HasPrefix(c.ID, alias) {
					s.Held = append(s.Held, alias)
				}
			}
		}
	case strings.HasPrefix(name, "bluegate-"):
	case colour.MatchString(project) || colour.MatchString(service) || colour.MatchString(name):
		if c.State.Running {
			s.Names = append(s.Names, name)
			for _, n := range c.NetworkSettings.Networks {
				s.Names = append(s.Names, n.Aliases...)
			}
		}
	case service == "" || c.State.Running:
		life := c.ID
		if c.State.Running {
			life += " " + c.State.StartedAt
		}
		if c.State.Running && strings.Contains(c.Config.Image, "nginx") {
			s.nginx = c.ID
		}
		s.Outside["container "+name] = life
	}
}

func (s *State) volumes(ctx context.Context, docker *client.Client, setup Setup) error {
	all, err := docker.VolumeList(ctx, volume.ListOptions{Filters: filters.NewArgs(filters.Arg("name", setup.Project))})
	for _, v := range all.Volumes {
		s.Outside["volume "+v.Name] = inode(v.Mountpoint)
	}
	return err
}

// inode tells a volume's folder from that of another volume of the same name, where this process may look. Docker's
// CreatedAt does not: on 20.10 it is the time of the folder, which every file in it changes.
func inode(folder string) string {
	info, err := os.Stat(folder)
	if err != nil {
		return "there"
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return fmt.Sprintf("inode %d", stat.Ino)
	}
	return "there"
}

// Compare returns what a command between the two moments must not have done.
func Compare(before, after State) (broken []string) {
	say := func(format string, args ...any) { broken = append(broken, fmt.Sprintf(format, args...)) }
	if before.Serves != "" && after.Serves == "" {
		say("users were served by %s and are not served any more", before.Serves)
	}
	if before.Starts && !after.Starts {
		say("nginx could be restarted before, and cannot be restarted now: %s", after.Says)
	}
	for _, name := range slices.Sorted(maps.Keys(before.Outside)) {
		switch now, there := after.Outside[name]; {
		case !there:
			say("%s was removed or stopped", name)
		case now != before.Outside[name] && !strings.HasPrefix(now, before.Outside[name]+" "): // one that did not run may have been started
			say("%s was recreated or restarted: %s, before: %s", name, now, before.Outside[name])
		}
	}
	for _, name := range after.Held {
		if other := swap(name); !strings.Contains(after.Config, name) || !strings.Contains(after.Config, other) {
			say("%s leads to the container that holds names, and nginx's files do not mention both %[1]s and %s", name, other)
		}
		if slices.Contains(after.Names, name) {
			say("%s leads to the container that holds names and to a container that runs", name)
		}
	}
	return broken
}

// swap puts the other colour in a name.
func swap(name string) string {
	return strings.NewReplacer("blue", "green", "green", "blue").Replace(name)
}
