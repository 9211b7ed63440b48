// Package model is the vocabulary of a deployment, and the ports that adapters to Compose, to the engine and to nginx
// implement. It decides nothing.
package model

import (
	"maps"
	"slices"
	"strings"
	"time"

	"bluegate/deploy/gate"
)

// Application is what the Compose files say: the two colours of one project.
type Application struct {
	Project string // names lock, journal and history
	Models  map[Colour]Model
	// Hosts are the addresses of the machines of a cluster; none: there is one machine.
	Hosts []string
	// Findings are about what the files leave open.
	Findings []Finding
}

// With is the application with another model of a colour.
func (a Application) With(m Model) Application {
	a.Models = maps.Clone(a.Models)
	a.Models[m.Colour] = m
	return a
}

// Model is one colour as its Compose file describes it.
type Model struct {
	Colour         Colour
	ComposeProject string
	Files          []string
	Services       []Service // in dependency order
}

// Service is one of a colour's own services; what else is in the same file (a database, nginx) is not in a Model.
type Service struct {
	Name          string
	Key           string // Name without its colour: the two services that take each other's place share it
	Image         string
	Pinned        bool `json:"-"` // Image is an id, and what the file names, or builds, is not used
	PullPolicy    string
	RefreshAfter  time.Duration // with pull_policy refresh: how old an image may be
	Build         bool
	Replicas      int
	OneShot       bool
	Shared        bool        // a one-shot of both colours: every release runs it again
	Probe         *gate.Probe // nil: the Compose file declares no healthcheck; the image still may
	ProbeTest     []string    // its command, as Compose has it: CMD or CMD-SHELL first
	ProbeDisabled bool        // healthcheck: {disable: true}, which the image's own cannot undo
	After         []gate.Dependency
	ContainerName string
	Hosts         []string // every name under which nginx may know it, the most specific first
	// Also are the other names and addresses that lead to it: hostname, static IP addresses. A switch never writes them.
	Also      []string
	Networks  []string // the engine's names of the networks on which those names are known
	Ports     []int    // ports it listens on: expose, the targets of ports, the image's EXPOSE
	Published []Published
	HostPorts []string // published on the engine's host, as ip:port/proto or port/proto
	Place     string   // file:line of the service
	StopGrace time.Duration
	StopSlack time.Duration // what stopping takes besides, whatever the process does
	// Unset says that a part depends on a variable that is not set, and is left out: what runs tells it.
	Unset bool `json:"-"`
}

// Plain is the service's name without its colour: worker for worker-blue.
func (s Service) Plain() string {
	return strings.Trim(strings.ReplaceAll(s.Key, "{colour}", ""), "-_.")
}

// Service finds a service by name.
func (m Model) Service(name string) (Service, bool) {
	i := slices.IndexFunc(m.Services, func(s Service) bool { return s.Name == name })
	if i < 0 {
		return Service{}, false
	}
	return m.Services[i], true
}

// Container is what the engine said of one container of a colour when it was listed. What is to be stopped or removed by it is
// named by its ID: another container may have its name by now.
type Container struct {
	Colour     Colour            `json:"colour"`
	Service    string            `json:"service"`
	Name       string            `json:"name"`
	ID         string            `json:"id"`
	Image      string            `json:"image"`
	Digest     string            `json:"digest"`
	State      string            `json:"state"`
	Health     string            `json:"health"`
	Restarts   int               `json:"restarts"`
	LastProbe  string            `json:"last_probe,omitempty"`
	Release    string            `json:"release,omitempty"`
	Addresses  map[string]string `json:"-"` // network name -> IP
	Names      []string          `json:"-"` // other names by which the DNS of its networks knows it
	Published  []Published       `json:"-"`
	Exposed    []int             `json:"-"` // the TCP ports that it declares, those of its image too
	Project    string            `json:"-"` // its Compose project
	StopWith   string            `json:"-"` // what a person runs to stop it; empty: docker stop
	Moves      bool              `json:"-"` // it has another address after each start, and its name leads to that
	Running    bool              `json:"-"`
	Completed  bool              `json:"-"` // a one-shot that has done its work
	Sample     gate.Sample       `json:"-"`
	RestartPol string            `json:"-"` // as in a Compose file: always, on-failure:3
	Probe      *gate.Probe       `json:"-"` // the healthcheck that it really has
}

// Image is what the engine holds, at this moment, under a service's image reference.
type Image struct {
	Service   string
	Ref       string
	ID        string      // empty: not on this engine
	Tagged    time.Time   // when it got its name here
	FromPull  bool        // it came from a registry and can be asked for again, or the engine cannot tell
	Probe     *gate.Probe // the image's own HEALTHCHECK
	ProbeTest []string    // its command
	Ports     []int       // the image's EXPOSE
}

// Networks are the names of the networks that it is on, sorted.
func (c Container) Networks() (names []string) {
	for network := range c.Addresses {
		names = withNew(names, strings.TrimSuffix(network, " (IPv6)"))
	}
	slices.Sort(names)
	return names
}

// InUse says whether it runs, or may run again by itself.
func (c Container) InUse() bool {
	return c.Running || c.State == string(gate.StateRestarting) || c.State == string(gate.StatePaused)
}

// WithImages is the model with what only the images say: the ports that they expose, where the file declares none. m itself is
// not changed.
func (m Model) WithImages(images []Image) Model {
	m.Services = slices.Clone(m.Services)
	for i, s := range m.Services {
		if img, ok := ImageOf(images, s.Name); ok && len(s.Ports) == 0 {
			m.Services[i].Ports = img.Ports
		}
	}
	return m
}

// ImageOf finds the image of a service.
func ImageOf(images []Image, service string) (Image, bool) {
	i := slices.IndexFunc(images, func(img Image) bool { return img.Service == service })
	if i < 0 {
		return Image{}, false
	}
	return images[i], true
}

// The pull policies of Compose that matter here.
const (
	PolicyNever   = "never"
	PolicyBuild   = "build"
	PolicyMissing = "missing"
	PolicyAbsent  = "if_not_present"
	PolicyAlways  = "always"
	PolicyRefresh = "refresh" // daily, weekly and every_…, too
)
