package load

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"

	"bluegate/deploy/model"
)

// profiles returns the profiles of a colour's services, if the file uses profiles to keep the idle colour out of a
// plain `docker compose up`.
func (o Options) profiles(project *types.Project, colour model.Colour) []string {
	var wanted, named, others []string
	for name, service := range project.DisabledServices {
		switch {
		case slices.Contains(o.Services, name), slices.ContainsFunc(o.Services, func(p string) bool { return o.expand(p, colour) == name }):
			wanted = append(wanted, service.Profiles...)
		case len(o.Services) > 0 || !hasColour(name, colour):
		case slices.ContainsFunc(service.Profiles, func(p string) bool { return hasColour(p, colour) }):
			named = append(named, service.Profiles...)
		default:
			others = append(others, service.Profiles...)
		}
	}
	if active := slices.ContainsFunc(project.ServiceNames(), func(name string) bool { return hasColour(name, colour) }); active || len(named) > 0 {
		return append(wanted, named...)
	}
	return append(wanted, others...)
}

// hasColour says whether the colour is one of the words of a name.
func hasColour(name string, colour model.Colour) bool { return model.ServiceKey(name, colour) != name }

// serviceNames returns the colour's own services: the configured ones, otherwise those named after the colour,
// otherwise those in the colour's own file if that is merged over a common one, otherwise all services of a file in
// which none is named after a colour. Databases and proxies in the same file are not named after a colour.
func (o Options) serviceNames(project *types.Project, l Positions, colour model.Colour, patterns []string) ([]string, error) {
	if names, err := o.configuredServices(project, colour); len(names) > 0 || err != nil {
		return names, err
	}
	all := project.ServiceNames()
	files := strings.Join(project.ComposeFiles, ", ")
	carrying := func(c model.Colour) []string {
		return slices.DeleteFunc(slices.Clone(all), func(name string) bool { return !hasColour(name, c) })
	}
	if names := carrying(colour); len(names) > 0 {
		return names, nil
	}
	if others := carrying(colour.Other()); len(others) > 0 {
		// In a file of the other colour, services that are not named after it are shared: a release would replace them.
		return nil, model.Invalid("no service in %s is named after %s, although %s is named after %s; name the services in bluegate.yml (compose.services)", files, colour, others[0], colour.Other())
	}
	if len(all) == 0 {
		return nil, model.Invalid("%s has no service for %s", files, colour)
	}
	if o.isOneSet(project, patterns) {
		return nil, refuseOneSet(project)
	}
	names := o.servicesIn(all, colour, patterns)
	return names, refuseSharedServices(project, l, names)
}

// commonServices reports the services that are defined only in a file that both colours use, if the colours' own files
// decide which services are theirs: the user may have expected these to be deployed.
func (o Options) commonServices(project *types.Project, l Positions, colour model.Colour, names []string) []model.Finding {
	others := slices.DeleteFunc(project.ServiceNames(), func(name string) bool { return slices.Contains(names, name) })
	carrying := slices.ContainsFunc(names, func(name string) bool { return hasColour(name, colour) })
	if len(o.Services) > 0 || carrying || len(others) == 0 {
		return nil
	}
	return []model.Finding{{
		Code: "common-service", Place: l.service(others[0]),
		Message: fmt.Sprintf("%s: defined only in a Compose file that both colours use; a deployment does not touch these services", strings.Join(others, ", ")),
		Cost:    "a new version of them is not deployed and not checked; for a database or a proxy that is correct",
		Remedy:  fmt.Sprintf("# in bluegate.yml: all services of the colour\ncompose: {services: [%s]}", strings.Join(slices.Sorted(slices.Values(slices.Concat(names, others))), ", ")),
	}}
}

// keyed sets the keys of configured services: those of one pattern take each other's place, also where nothing separates
// the colour in their names.
func (o Options) keyed(m model.Model) model.Model {
	for i, s := range m.Services {
		for _, pattern := range o.Services {
			if strings.Contains(pattern, "{") && o.expand(pattern, m.Colour) == s.Name {
				m.Services[i].Key = pattern
			}
		}
	}
	return m
}

func (o Options) configuredServices(project *types.Project, colour model.Colour) (names []string, err error) {
	for _, pattern := range o.Services {
		name := o.expand(pattern, colour)
		if _, ok := project.Services[name]; !ok {
			return nil, model.Invalid("compose.services: service %q is not in %s (known services: %s)", name, strings.Join(project.ComposeFiles, ", "), strings.Join(project.ServiceNames(), ", "))
		}
		names = append(names, name)
	}
	return names, nil
}

// servicesIn returns the services in the files that only this colour has, if there are other files.
func (o Options) servicesIn(all []string, colour model.Colour, patterns []string) []string {
	var own []string
	for _, pattern := range patterns {
		if o.expand(pattern, model.Blue) != o.expand(pattern, model.Green) {
			own = append(own, o.path(pattern, colour))
		}
	}
	if len(own) == 0 || len(own) == len(patterns) {
		return all
	}
	docs := documents(own)
	names := slices.DeleteFunc(slices.Clone(all), func(name string) bool {
		return !slices.ContainsFunc(docs, func(d document) bool { return len(d.entriesAt("services."+name)) > 0 })
	})
	if len(names) == 0 {
		return all
	}
	return names
}

// refuseSharedServices refuses a database or a proxy among services that the user did not list: each deployment would
// replace it, and each colour would have its own.
func refuseSharedServices(project *types.Project, l Positions, names []string) error {
	shared := func(name string) string { return SharedKind(project.Services[name].Image, name) }
	rest := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return shared(name) != "" })
	if len(rest) == len(names) || len(names) == 1 {
		return nil
	}
	var reasons []model.Reason
	for _, name := range names {
		if what := shared(name); what != "" {
			reasons = append(reasons, model.Reason{Code: model.CannotCoexist, Service: name, Message: fmt.Sprintf(
				"%s looks like %s (%s), which a deployment must not replace; list the services of the colour in bluegate.yml: compose: {services: [%s]}",
				name, what, l.service(name), strings.Join(rest, ", "))})
		}
	}
	return &model.InvalidError{Reasons: reasons, Err: errors.New(reasons[0].Message)}
}
