package compose

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/compose/v5/pkg/api"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/go-connections/nat"
	"golang.org/x/sync/errgroup"

	"bluegate/compose/engine"
	"bluegate/deploy/gate"
	"bluegate/deploy/model"
	"bluegate/deploy/redact"
)

// inspections limits how many containers are inspected at the same time.
const inspections = 16

// Containers implements model.Stack.
func (s *Stack) Containers(ctx context.Context, app model.Application) ([]model.Container, error) {
	var all []model.Container
	for _, colour := range model.Colours {
		m, asked := app.Models[colour]
		if !asked {
			continue
		}
		rows, err := s.list(ctx, m, "")
		if err != nil {
			return nil, err
		}
		some, err := s.inspectAll(ctx, m, rows)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

// list lists the containers of a model's services by Compose's labels, never by name: a filter for a name also matches
// every name that contains it.
//
// The name of a project may depend on a variable that is not set: then they are those that bluegate's labels name. Without
// one it is not known whether any are there.
func (s *Stack) list(ctx context.Context, m model.Model, release string) ([]container.Summary, error) {
	which, f := "of project "+m.ComposeProject, ofProject(m, release)
	if m.ComposeProject == "" {
		which, f = "of "+s.name, filters.NewArgs(filters.Arg("label", engine.ApplicationLabel+"="+s.name), filters.Arg("label", engine.ColourLabel+"="+string(m.Colour)))
	}
	rows, err := s.engine.Rows(ctx, which, f)
	if err != nil {
		return nil, err
	}
	rows = slices.DeleteFunc(rows, func(row container.Summary) bool { return !s.owns(m, row.Labels) })
	if len(rows) == 0 && m.ComposeProject == "" {
		return nil, model.Invalid("the name of %s's Compose project depends on a variable that is not set, and no container carries the label %s=%s: which ones are %[1]s's is not known; set the variable", m.Colour, engine.ApplicationLabel, s.name)
	}
	return rows, nil
}

// owns says whether a container belongs to the colour, by its service. A service that was removed from the files is
// recognised by bluegate's labels: it retires with its release. If someone else started such a container, it does not
// belong to the colour.
func (s *Stack) owns(m model.Model, labels map[string]string) bool {
	made := labels[engine.ColourLabel] == string(m.Colour)
	service, own := m.Service(labels[api.ServiceLabel])
	switch {
	case strings.EqualFold(labels[api.OneoffLabel], "true"), isHook(labels), engine.IsOwn(labels):
		return false
	case own:
		return made || !service.Shared
	}
	return made && s.name != "" && labels[engine.ApplicationLabel] == s.name
}

func ofProject(m model.Model, release string) filters.Args {
	f := filters.NewArgs(filters.Arg("label", api.ProjectLabel+"="+m.ComposeProject))
	if release != "" {
		f.Add("label", engine.ReleaseLabel+"="+release)
	}
	return f
}

// inspectAll inspects containers and leaves out those that were removed in the meantime.
func (s *Stack) inspectAll(ctx context.Context, m model.Model, rows []container.Summary) ([]model.Container, error) {
	var mu sync.Mutex
	var all []model.Container
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(inspections)
	for _, row := range rows {
		group.Go(func() error {
			c, err := s.inspectRetrying(ctx, m, row.ID)
			if errdefs.IsNotFound(err) {
				return nil
			}
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			all = append(all, c)
			return nil
		})
	}
	err := group.Wait()
	order := func(name string) int {
		return slices.IndexFunc(m.Services, func(s model.Service) bool { return s.Name == name })
	}
	slices.SortFunc(all, func(a, b model.Container) int {
		if d := order(a.Service) - order(b.Service); d != 0 {
			return d
		}
		return strings.Compare(a.Name, b.Name)
	})
	return all, err
}

// retryPauses are the pauses before a container that the engine does not know is inspected again. Under load, the
// engine may report for a second that a container which it just created does not exist.
var retryPauses = []time.Duration{300 * time.Millisecond, 700 * time.Millisecond, 2 * time.Second}

// inspectRetrying reports a container as removed only when the engine says so repeatedly. When a container is removed,
// an event tells it at once.
func (s *Stack) inspectRetrying(ctx context.Context, m model.Model, id string) (model.Container, error) {
	c, err := s.inspect(ctx, m, id)
	for _, pause := range retryPauses {
		if !errdefs.IsNotFound(err) {
			break
		}
		select {
		case <-ctx.Done():
			return c, context.Cause(ctx)
		case <-time.After(pause):
			c, err = s.inspect(ctx, m, id)
		}
	}
	return c, err
}

func (s *Stack) inspect(ctx context.Context, m model.Model, id string) (model.Container, error) {
	ctx, cancel := engine.Asking(ctx)
	defer cancel()
	info, err := s.engine.ContainerInspect(ctx, id)
	if err != nil {
		return model.Container{}, s.engine.Unreachable(fmt.Errorf("inspect container %.12s: %w", id, err))
	}
	return s.container(m.Colour, info)
}

func (s *Stack) container(colour model.Colour, info container.InspectResponse) (model.Container, error) {
	if info.ContainerJSONBase == nil || info.State == nil || info.Config == nil {
		return model.Container{}, errors.New("the engine's answer about a container is incomplete")
	}
	s.learnContainer(info.Config)
	c := model.Container{
		Colour: colour, Service: info.Config.Labels[api.ServiceLabel], Name: strings.TrimPrefix(info.Name, "/"), ID: info.ID,
		Image: info.Config.Image, Digest: info.Image, State: info.State.Status, Health: "none", Restarts: info.RestartCount,
		Release: info.Config.Labels[engine.ReleaseLabel], Running: info.State.Running && !info.State.Paused && !info.State.Restarting,
		Addresses: map[string]string{}, Sample: s.sample(info), Project: info.Config.Labels[api.ProjectLabel], Exposed: exposed(info.Config.ExposedPorts),
	}
	if info.State.Health != nil {
		c.Health = info.State.Health.Status
	}
	if p := c.Sample.LastProbe; p != nil && p.ExitCode != 0 {
		c.LastProbe = redact.Sanitize(p.Output)
	}
	c.Probe = probeOf(info.Config.Healthcheck)
	if info.HostConfig != nil {
		c.RestartPol = policyText(info.HostConfig.RestartPolicy)
	}
	if info.Config.Hostname != "" {
		c.Names = append(c.Names, info.Config.Hostname)
	}
	if info.NetworkSettings != nil {
		c.Published = published(info.NetworkSettings.Ports)
		for name, n := range info.NetworkSettings.Networks {
			c.Addresses[name] = n.IPAddress
			c.Names = append(append(c.Names, n.Aliases...), n.DNSNames...)
			if n.GlobalIPv6Address != "" {
				c.Addresses[name+" (IPv6)"] = n.GlobalIPv6Address
			}
		}
	}
	return c, nil
}

// probeOf returns a healthcheck's times, or nil if there is no healthcheck.
func probeOf(h *container.HealthConfig) *gate.Probe {
	if h == nil || len(h.Test) == 0 || h.Test[0] == "NONE" {
		return nil
	}
	return &gate.Probe{Interval: h.Interval, Timeout: h.Timeout, StartPeriod: h.StartPeriod, Retries: h.Retries}
}

// exposed returns the TCP ports that a container declares, in their order.
func exposed(ports nat.PortSet) (all []int) {
	for port := range ports {
		if port.Proto() == "tcp" && port.Int() > 0 {
			all = append(all, port.Int())
		}
	}
	slices.Sort(all)
	return all
}

// published returns the TCP ports that are published on the engine's host.
func published(ports nat.PortMap) (all []model.Published) {
	for port, bindings := range ports {
		for _, b := range bindings {
			if n, err := strconv.Atoi(b.HostPort); err == nil && port.Proto() == "tcp" {
				all = append(all, model.Published{IP: b.HostIP, Port: n, Target: port.Int()})
			}
		}
	}
	return all
}

// sample translates the engine's answer; times are converted to the local clock.
func (s *Stack) sample(info container.InspectResponse) gate.Sample {
	st := info.State
	out := gate.Sample{
		At: time.Now(), ID: info.ID, Name: strings.TrimPrefix(info.Name, "/"), Service: info.Config.Labels[api.ServiceLabel],
		State: gate.State(st.Status), StartedAt: s.localTime(st.StartedAt), FinishedAt: s.localTime(st.FinishedAt),
		ExitCode: st.ExitCode, OOMKilled: st.OOMKilled, RestartCount: info.RestartCount, Error: st.Error,
	}
	if st.Health == nil || st.Health.Status == container.NoHealthcheck {
		return out
	}
	out.Health, out.FailingStreak = gate.Health(st.Health.Status), st.Health.FailingStreak
	for _, entry := range st.Health.Log {
		p := &gate.ProbeResult{Start: entry.Start.Add(s.engine.Skew), End: entry.End.Add(s.engine.Skew), ExitCode: entry.ExitCode, Output: entry.Output}
		out.LastProbe = p
		if p.ExitCode != 0 {
			out.LastFailure = p.End
		}
	}
	return out
}

// localTime converts a time of the engine to the local clock. Docker's zero time (year 1) becomes the zero time.
func (s *Stack) localTime(text string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || t.Year() <= 1 {
		return time.Time{}
	}
	return t.Add(s.engine.Skew)
}
