package page

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"time"

	"bluegate/watch"
)

// public is a Reader that leaves out what an outsider must not know: names of containers and hosts, images, people, and
// the evidence, which may contain them. Everything that is served reads through it.
type public struct{ watch.Reader }

// givenName matches the names that a user gives to a check. Other names are made of what the check asks.
var givenName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9 _-]{0,62}$`)

// shownName is the name of a check for outsiders.
func shownName(c watch.Check, number int) string {
	if givenName.MatchString(c.Name) {
		return c.Name
	}
	return fmt.Sprintf("%s check %d", c.Kind, number+1)
}

// State implements watch.Reader.
func (p public) State() watch.State {
	s := p.Reader.State()
	s.LiveBy, s.Trouble = "", nil
	if s.Deploying != nil {
		d := *s.Deploying
		d.By = ""
		s.Deploying = &d
	}
	s.Healing.Stopped = hidden(s.Healing.Stopped)
	s.Colours = slices.Clone(s.Colours)
	for i, colour := range s.Colours {
		s.Colours[i].Containers = make([]watch.ContainerState, len(colour.Containers))
		for j, c := range colour.Containers {
			s.Colours[i].Containers[j] = watch.ContainerState{State: c.State, Health: c.Health, Restarts: c.Restarts, Problem: hidden(c.Problem)}
		}
	}
	s.Checks = slices.Clone(s.Checks)
	for i, c := range s.Checks {
		s.Checks[i].Name, s.Checks[i].Target, s.Checks[i].Why = shownName(c.Check, i), "", ""
		if c.Last != nil {
			last := *c.Last
			last.Check, last.Said = s.Checks[i].Name, ""
			s.Checks[i].Last = &last
		}
	}
	return s
}

// hidden keeps that there is something, and not what.
func hidden(text string) string {
	if text == "" {
		return ""
	}
	return "not shown"
}

// names maps the names of the checks to those for outsiders.
func (p public) names() map[string]string {
	names := map[string]string{}
	for i, c := range p.Reader.State().Checks {
		names[c.Name] = shownName(c.Check, i)
	}
	return names
}

// Samples implements watch.Reader.
func (p public) Samples(ctx context.Context, check string, from, to time.Time, resolution time.Duration) ([]watch.Bucket, error) {
	name := ""
	for real, shown := range p.names() {
		if shown == check {
			name = real
		}
	}
	if name == "" {
		return nil, nil
	}
	all, err := p.Reader.Samples(ctx, name, from, to, resolution)
	for i := range all {
		all[i].Check, all[i].Said = check, ""
	}
	return all, err
}

// Changes implements watch.Reader. Those of checks that do not exist any more are left out.
func (p public) Changes(ctx context.Context, from, to time.Time) ([]watch.Change, error) {
	all, err := p.Reader.Changes(ctx, from, to)
	names := p.names()
	var shown []watch.Change
	for _, c := range all {
		if name, known := names[c.Subject]; known {
			c.Subject, c.Why = name, ""
			shown = append(shown, c)
		}
	}
	return shown, err
}

// Deployments implements watch.Reader.
func (p public) Deployments(ctx context.Context, from, to time.Time) ([]watch.Deployment, error) {
	all, err := p.Reader.Deployments(ctx, from, to)
	for i := range all {
		all[i].By, all[i].Images, all[i].Reasons = "", nil, nil
	}
	return all, err
}

// Notes implements watch.Reader. The text is what an operator wrote for the page.
func (p public) Notes(ctx context.Context, from, to time.Time) ([]watch.Note, error) {
	all, err := p.Reader.Notes(ctx, from, to)
	for i := range all {
		all[i].By = ""
	}
	return all, err
}
