package model

import (
	"maps"
	"slices"
)

// AsRuns fills in what the Compose files leave open because a variable is not set: the containers tell it. What the files
// say stays. Where no container is there, a service without ports may have any, and one of unknown replicas has one.
func (a Application) AsRuns(containers []Container) Application {
	a.Models = maps.Clone(a.Models)
	for colour, m := range a.Models {
		m.Services = slices.Clone(m.Services)
		for i, s := range m.Services {
			if !s.Unset {
				continue
			}
			s.Unset = false
			n := 0
			for _, c := range containers {
				if c.Colour == colour && c.Service == s.Name {
					n++
					s.learn(c)
				}
			}
			if s.Replicas == 0 {
				s.Replicas = max(n, 1)
			}
			m.Services[i] = s
		}
		for _, c := range containers {
			if c.Colour == colour && m.ComposeProject == "" {
				m.ComposeProject = c.Project
			}
		}
		a.Models[colour] = m
	}
	return a
}

// learn takes over what a container of the service has.
func (s *Service) learn(c Container) {
	s.Hosts = withNew(s.Hosts, c.Name)
	for _, name := range c.Names {
		if len(c.ID) < shortID || name != c.ID[:shortID] {
			s.Hosts = withNew(s.Hosts, name)
		}
	}
	s.Networks = withNew(s.Networks, c.Networks()...)
	s.Published = withNew(s.Published, c.Published...)
	if len(s.Ports) == 0 {
		s.Ports = slices.Clone(c.Exposed)
	}
	if s.Probe == nil && !s.ProbeDisabled {
		s.Probe = c.Probe
	}
}

// withNew adds to a list what it does not have.
func withNew[T comparable](all []T, more ...T) []T {
	for _, one := range more {
		if !slices.Contains(all, one) {
			all = append(slices.Clip(all), one)
		}
	}
	return all
}
