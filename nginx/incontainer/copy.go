package incontainer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"

	"bluegate/deploy/model"
)

// Copy is a copy of nginx's container that was started with the container's own entrypoint, command and
// environment. Nothing leads to it: it publishes no port, has no alias, and no label except ours. It can write nothing
// of the user's: each mount that its nginx may write is a copy, and the others are read-only.
type Copy struct {
	*Nginx
	of    *Nginx
	Notes []string        // in what it differs from a restart of the container itself
	Holds map[string]bool // the coming files that it began with, by where they really are
}

const (
	restartLimit = 30 * time.Second // for nginx to run in the copy
	restartRest  = 2 * time.Second  // for what the start does in parallel to nginx
	largestCopy  = 64 << 20         // of one mount
	mostChanges  = 200              // files of the container's own layer
)

// StartCopy starts a copy whose files are the container's, with these changes in them, and waits until its nginx runs or
// it has ended. Its end removes it.
func (c *Nginx) StartCopy(ctx context.Context, change model.Change) (_ *Copy, err error) {
	t := &Copy{of: c, Holds: map[string]bool{}}
	coming, gone, err := c.comingFiles(ctx, change)
	if err != nil {
		return nil, err
	}
	mounts, copies, err := t.mounts(ctx)
	if err != nil {
		return nil, err
	}
	id, err := c.createOwn(ctx, "restart", t.config(), t.host(mounts, change))
	if err != nil {
		return nil, err
	}
	t.Nginx = &Nginx{Engine: c.Engine, Opts: c.Opts, project: c.project, Name: c.Name, command: c.command, Flags: c.Flags, main: c.main,
		Info: container.InspectResponse{ContainerJSONBase: &container.ContainerJSONBase{ID: id}}}
	defer func() {
		if err != nil {
			err = errors.Join(err, t.End(ctx))
		}
	}()
	if c.Running { // createOwn has done it where nginx does not run
		for _, name := range c.networks() {
			if name != string(t.network()) && t.joins() {
				if err := c.Engine.NetworkConnect(ctx, name, id, nil); err != nil {
					return nil, fmt.Errorf("join the network %s of %s: %w", name, c, err)
				}
			}
		}
	}
	if err := t.fill(ctx, copies, coming, gone); err != nil {
		return nil, err
	}
	began := time.Now()
	if err := c.Engine.ContainerStart(ctx, id, container.StartOptions{}); err != nil {
		return nil, fmt.Errorf("start a copy of %s: %w", c, err)
	}
	return t, t.await(ctx, began)
}

// End removes the copy, also after ctx has ended.
func (t *Copy) End(ctx context.Context) error {
	return t.of.removeOwn(context.WithoutCancel(ctx), t.ID())
}

// network is the first of nginx's networks. Where it has none of its own, on the host's or in another container's, the
// copy has none either: it would listen there in the place of nginx.
func (t *Copy) network() container.NetworkMode {
	if all := t.of.networks(); t.joins() && len(all) > 0 {
		return container.NetworkMode(all[0])
	}
	return "none"
}

func (t *Copy) joins() bool {
	mode := t.of.Info.HostConfig.NetworkMode
	return !mode.IsHost() && !mode.IsContainer() && !mode.IsNone()
}

func (t *Copy) config() *container.Config {
	info, env := t.of.Info, []string{}
	for _, entry := range info.Config.Env {
		// By these a proxy that watches the engine would send requests to the copy.
		if !strings.HasPrefix(entry, "VIRTUAL_") && !strings.HasPrefix(entry, "LETSENCRYPT_") {
			env = append(env, entry)
		}
	}
	return &container.Config{Entrypoint: []string{info.Path}, Cmd: info.Args, Env: env, User: info.Config.User, WorkingDir: info.Config.WorkingDir, Tty: info.Config.Tty, StopSignal: "SIGKILL"}
}

func (t *Copy) host(mounts []mount.Mount, change model.Change) *container.HostConfig {
	was := t.of.Info.HostConfig
	host := &container.HostConfig{
		NetworkMode: t.network(), Mounts: mounts, Tmpfs: was.Tmpfs, ReadonlyRootfs: was.ReadonlyRootfs, CapAdd: was.CapAdd, CapDrop: was.CapDrop, SecurityOpt: was.SecurityOpt,
		GroupAdd: was.GroupAdd, ExtraHosts: slices.Clone(was.ExtraHosts), DNS: was.DNS, DNSOptions: was.DNSOptions, DNSSearch: was.DNSSearch, UsernsMode: was.UsernsMode, Init: was.Init,
		ShmSize: was.ShmSize, Sysctls: was.Sysctls, Runtime: was.Runtime, RestartPolicy: container.RestartPolicy{Name: "no"},
	}
	host.Ulimits = was.Ulimits
	if !t.joins() {
		t.Note("it has no network")
	}
	// The colour that the change names does not run: its names are given to the copy, so that its nginx starts.
	for _, e := range change.Routes {
		if e.Host != "localhost" && strings.Trim(e.Host, "0123456789.:[]") != "" {
			host.ExtraHosts = append(host.ExtraHosts, e.Host+":127.0.0.1")
		}
	}
	return host
}

// Note notes in what the copy differs from the nginx that it is of: what it shows may then not hold for that one.
func (t *Copy) Note(format string, args ...any) {
	t.Notes = append(t.Notes, fmt.Sprintf(format, args...))
}
