// Package logs reads the logs of the containers of the colours: as one in the order of time, or as they come.
package logs

import (
	"context"
	"slices"
	"strings"

	"bluegate/deploy/model"
)

// Selection says of which containers the logs are shown. The zero value means all.
type Selection struct {
	Colour  model.Colour
	Service string // with or without its colour
}

// Of returns the containers that are selected. It is an error if there is none: the message lists the services.
func (l Selection) Of(ctx context.Context, stack model.Stack, app model.Application) ([]model.Container, error) {
	all, err := stack.Containers(ctx, app)
	if err != nil {
		return nil, err
	}
	chosen := l.Filter(all)
	if len(chosen) > 0 {
		return chosen, nil
	}
	if l.Service != "" && !slices.ContainsFunc(model.Colours[:], func(colour model.Colour) bool {
		return slices.ContainsFunc(app.Models[colour].Services, func(s model.Service) bool { return l.matches(colour, s.Name) })
	}) {
		return nil, model.Invalid("no colour has a service %q: the services are %s", l.Service, strings.Join(serviceNames(app), ", "))
	}
	return nil, model.Invalid("there is no container%s of %s on this engine, so there is no log", prefixedBy(" of ", l.Service), orBoth(l.Colour))
}

func orBoth(colour model.Colour) string {
	if colour == model.None {
		return "blue or green"
	}
	return string(colour)
}

func prefixedBy(prefix, text string) string {
	if text == "" {
		return ""
	}
	return prefix + text
}

func serviceNames(app model.Application) (names []string) {
	for _, colour := range model.Colours {
		for _, s := range app.Models[colour].Services {
			if !slices.Contains(names, s.Name) {
				names = append(names, s.Name)
			}
		}
	}
	return names
}

// Filter returns those of the containers that are selected.
func (l Selection) Filter(all []model.Container) (chosen []model.Container) {
	for _, c := range all {
		if l.matches(c.Colour, c.Service) {
			chosen = append(chosen, c)
		}
	}
	return chosen
}

// matches says whether a service of a colour is selected: by its name, or by its name without the colour.
func (l Selection) matches(colour model.Colour, service string) bool {
	if l.Colour != model.None && l.Colour != colour {
		return false
	}
	plain := strings.Trim(strings.ReplaceAll(model.ServiceKey(service, colour), "{colour}", ""), "-_.")
	return l.Service == "" || l.Service == service || l.Service == plain
}
