package compose

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"

	"bluegate/deploy/model"
)

// profiles are those behind which a colour's services stand, where the file keeps the idle colour out of a plain
// `docker compose up` in this way.
func (s *Stack) profiles(project *types.Project, colour model.Colour) []string {
	var wanted, named, others []string
	for name, service := range project.DisabledServices {
		switch {
		case slices.Contains(s.opts.Services, name), slices.ContainsFunc(s.opts.Services, func(p string) bool { return s.opts.expand(p, colour) == name }):
			wanted = append(wanted, service.Profiles...)
		case len(s.opts.Services) > 0 || !carries(name, colour):
		case slices.ContainsFunc(service.Profiles, func(p string) bool { return carries(p, colour) }):
			named = append(named, service.Profiles...)
		default:
			others = append(others, service.Profiles...)
		}
	}
	if active := slices.ContainsFunc(project.ServiceNames(), func(name string) bool { return carries(name, colour) }); active || len(named) > 0 {
		return append(wanted, named...)
	}
	return append(wanted, others...)
}

// carries says whether a name has the colour as one of its words.
func carries(name string, colour model.Colour) bool { return model.ServiceKey(name, colour) != name }

// serviceNames are the colour's own services: those that are configured, else those whose name carries the colour, else
// those that the colour's own file speaks of where it lies over a common one, else all of a file whose services carry
// neither colour. Databases and proxies that share the file with the colours do not carry it.
func (s *Stack) serviceNames(project *types.Project, l positions, colour model.Colour, patterns []string) ([]string, error) {
	if names, err := s.configured(project, colour); len(names) > 0 || err != nil {
		return names, err
	}
	all := project.ServiceNames()
	files := strings.Join(project.ComposeFiles, ", ")
	carrying := func(c model.Colour) []string {
		return slices.DeleteFunc(slices.Clone(all), func(name string) bool { return !carries(name, c) })
	}
	if names := carrying(colour); len(names) > 0 {
		return names, nil
	}
	if others := carrying(colour.Other()); len(others) > 0 {
		// In a file of the other colour, what does not carry it is shared: to take that for a release would replace it.
		return nil, model.Invalid("no service in %s is called after %s, though %s is called after %s; name the services in bluegate.yml (compose.services)", files, colour, others[0], colour.Other())
	}
	if len(all) == 0 {
		return nil, model.Invalid("%s has no service for %s", files, colour)
	}
	names := s.spokenOf(all, colour, patterns)
	return names, refuseShared(project, l, names)
}

// leftOut tells of the services that stand only in a file that both colours use, where the colours' own files decide what
// is theirs: nobody has said of these that they are not.
func (s *Stack) leftOut(project *types.Project, l positions, colour model.Colour, names []string) []model.Finding {
	others := slices.DeleteFunc(project.ServiceNames(), func(name string) bool { return slices.Contains(names, name) })
	carrying := slices.ContainsFunc(names, func(name string) bool { return carries(name, colour) })
	if len(s.opts.Services) > 0 || carrying || len(others) == 0 {
		return nil
	}
	return []model.Finding{{
		Code: "common-service", Place: l.service(others[0]),
		Message: fmt.Sprintf("no file of a colour's own speaks of %s: a deployment leaves what runs of them alone", strings.Join(others, ", ")),
		Cost:    "a new version of them is not deployed, and passes no gate; for a database or a proxy that is as it should be",
		Remedy:  fmt.Sprintf("# in bluegate.yml: all of the colour's own services\ncompose: {services: [%s]}", strings.Join(slices.Sorted(slices.Values(slices.Concat(names, others))), ", ")),
	}}
}

func (s *Stack) configured(project *types.Project, colour model.Colour) (names []string, err error) {
	for _, pattern := range s.opts.Services {
		name := s.opts.expand(pattern, colour)
		if _, ok := project.Services[name]; !ok {
			return nil, model.Invalid("compose.services names %q, which is not in %s (there are: %s)", name, strings.Join(project.ComposeFiles, ", "), strings.Join(project.ServiceNames(), ", "))
		}
		names = append(names, name)
	}
	return names, nil
}

// spokenOf are the services of the files that only this colour has, where there are others.
func (s *Stack) spokenOf(all []string, colour model.Colour, patterns []string) []string {
	var own []string
	for _, pattern := range patterns {
		if s.opts.expand(pattern, model.Blue) != s.opts.expand(pattern, model.Green) {
			own = append(own, s.opts.path(pattern, colour))
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

// databases and proxies are what an application shares between its colours, by the names of the usual images.
var (
	databases = strings.Fields("postgres postgresql postgis timescaledb mysql mariadb percona mongo mongodb redis valkey memcached rabbitmq kafka zookeeper " +
		"elasticsearch opensearch cassandra clickhouse clickhouse-server influxdb neo4j couchdb minio etcd consul vault nats db database")
	proxies = strings.Fields("nginx nginx-proxy openresty traefik haproxy caddy envoy proxy reverse-proxy edge")
)

// refuseShared refuses a database or a proxy among the services of which nobody said that they are the colour's: each
// deployment would replace it, and the colours would have one each.
func refuseShared(project *types.Project, l positions, names []string) error {
	shared := func(name string) string {
		image, _, _ := strings.Cut(path.Base(project.Services[name].Image), "@")
		image, _, _ = strings.Cut(image, ":")
		switch {
		case slices.Contains(databases, image), slices.Contains(databases, name):
			return "a database"
		case slices.Contains(proxies, image), slices.Contains(proxies, name):
			return "a proxy"
		}
		return ""
	}
	rest := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return shared(name) != "" })
	if len(rest) == len(names) || len(names) == 1 {
		return nil
	}
	var reasons []model.Reason
	for _, name := range names {
		if what := shared(name); what != "" {
			reasons = append(reasons, model.Reason{Code: model.CannotCoexist, Service: name, Message: fmt.Sprintf(
				"%s looks like %s (%s), which a deployment must not replace; say which services are the colour's in bluegate.yml: compose: {services: [%s]}",
				name, what, l.service(name), strings.Join(rest, ", "))})
		}
	}
	return &model.InvalidError{Reasons: reasons, Err: errors.New(reasons[0].Message)}
}
