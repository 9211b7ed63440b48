package adopt

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"bluegate/deploy/model"
)

// Doubling says which services of Compose files without colours are to exist once for each colour.
type Doubling struct {
	Services []string
	// Ports are, for each service whose ports nginx on the host uses, the published ports of each colour, as they are
	// written in a Compose file. Those of another service are not published any more: two colours cannot have the same.
	Ports map[string]map[model.Colour][]string
	// Expose are the ports of a service on which nginx reaches it.
	Expose map[string][]string
}

// ColourOf is the name of a doubled service for a colour: web-blue.
func ColourOf(service string, colour model.Colour) string { return service + "-" + string(colour) }

// Edit returns a Compose file in which each service to be doubled exists once for each colour: the text of blue's is that
// of the service, and green's is merged from it with a YAML anchor. Order, comments and all that is not named here stay.
// An error says what cannot be edited, with its line.
func (d Doubling) Edit(text []byte) ([]byte, error) {
	y, err := readYAML(text)
	if err != nil {
		return nil, err
	}
	key, services := value(y.root, "services")
	if key == nil || services.Kind != yaml.MappingNode {
		return text, nil
	}
	if services.Style&yaml.FlowStyle != 0 {
		return nil, fmt.Errorf("line %d: services is written in one line; write one service a line", key.Line)
	}
	var faults []error
	for i := 0; i+1 < len(services.Content); i += 2 {
		name, body := services.Content[i], services.Content[i+1]
		if slices.Contains(d.Services, name.Value) {
			faults = append(faults, d.double(y, name, body))
			continue
		}
		faults = append(faults, d.dependants(y, name.Value, body, model.Blue))
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return y.bytes(), nil
}

// double makes blue's service of one, and adds green's after it.
func (d Doubling) double(y *yamlText, name, body *yaml.Node) error {
	service, indent := name.Value, strings.Repeat(" ", name.Column-1)
	inner := indent + "  "
	if body.Kind == yaml.MappingNode && body.Style&yaml.FlowStyle == 0 && len(body.Content) > 0 {
		inner = strings.Repeat(" ", body.Content[0].Column-1)
	}
	line := []rune(y.lines[name.Line-1])
	colon := name.Column - 1 + slices.Index(line[name.Column-1:], ':')
	if err := y.replace(name, ColourOf(service, model.Blue)); err != nil {
		return err
	}
	anchor := ""
	switch {
	case body.Kind == yaml.AliasNode:
		anchor = body.Value
	case body.Kind != yaml.MappingNode || len(body.Content) == 0:
		return fmt.Errorf("line %d: service %s is empty", name.Line, service)
	case body.Anchor != "":
		anchor = body.Anchor
	default:
		anchor = y.freeAnchor(service)
		y.insert(name.Line, colon+1, " &"+anchor)
	}
	if body.Kind == yaml.MappingNode && body.Style&yaml.FlowStyle == 0 {
		if err := d.refuseInherited(name, body); err != nil {
			return err
		}
	}
	own, err := d.ownKeys(y, service, body)
	if err != nil {
		return err
	}
	end := y.end(name)
	var lines []string
	if name.Line >= 2 && strings.TrimSpace(y.lines[name.Line-2]) == "" || end < len(y.lines) && strings.TrimSpace(y.lines[end]) == "" {
		lines = append(lines, "")
	}
	lines = append(lines, indent+ColourOf(service, model.Green)+":", inner+"<<: *"+anchor, inner+"profiles: [green] # bluegate starts it")
	for _, key := range slices.Sorted(maps.Keys(own)) {
		lines = append(lines, inner+key+": "+own[key])
	}
	y.after[end] = append(y.after[end], lines...)
	return nil
}

// freeAnchor is a name for an anchor that the file does not use yet.
func (y *yamlText) freeAnchor(name string) string {
	name = strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '-'
	}, name)
	used := map[string]bool{}
	var look func(n *yaml.Node)
	look = func(n *yaml.Node) {
		used[n.Anchor] = true
		for _, child := range n.Content {
			look(child)
		}
	}
	look(y.root)
	for used[name] {
		name += "-service"
	}
	return name
}

// different are the keys of a service that both colours cannot share.
var different = []string{"container_name", "hostname", "ports"}

// refuseInherited refuses a service that takes one of these keys from elsewhere: it could not be changed for it alone.
func (d Doubling) refuseInherited(name, body *yaml.Node) error {
	_, merged := value(body, "<<")
	for _, from := range aliases(merged) {
		for _, key := range different {
			_, here := value(body, key)
			if at, there := value(from, key); there != nil && here == nil {
				return fmt.Errorf("line %d: service %s takes %s from line %d, which other services may use too; write it into the service", name.Line, name.Value, key, at.Line)
			}
		}
	}
	return nil
}

func aliases(n *yaml.Node) (targets []*yaml.Node) {
	switch {
	case n == nil:
		return nil
	case n.Kind == yaml.AliasNode:
		return []*yaml.Node{n.Alias}
	case n.Kind == yaml.SequenceNode:
		for _, item := range n.Content {
			targets = append(targets, aliases(item)...)
		}
	}
	return targets
}

// ownKeys edits in blue's text what both colours cannot share, and returns the keys that green has for itself.
func (d Doubling) ownKeys(y *yamlText, service string, body *yaml.Node) (map[string]string, error) {
	green := map[string]string{}
	if body.Kind != yaml.MappingNode {
		return green, nil
	}
	for _, key := range []string{"container_name", "hostname"} {
		if _, v := value(body, key); v != nil {
			if err := y.replace(v, v.Value+"-blue"); err != nil {
				return nil, err
			}
			green[key] = quoted(v.Value + "-green")
		}
	}
	if err := d.ports(y, service, body, green); err != nil {
		return nil, err
	}
	if _, dep := value(body, "depends_on"); dep != nil {
		if err := d.dependants(y, service, body, model.Blue); err != nil {
			return nil, err
		}
		if text, changed := d.dependencies(dep, model.Green); changed {
			green["depends_on"] = text
		}
	}
	for _, key := range []string{"network_mode", "links", "volumes_from", "extends"} {
		if at, v := value(body, key); v != nil && d.mentions(v) != "" {
			return nil, fmt.Errorf("line %d: %s of service %s names %s, which is to exist twice", at.Line, key, service, d.mentions(v))
		}
	}
	return green, d.aliases(service, body)
}

// aliases refuses names and addresses on a network that both colours would have.
func (d Doubling) aliases(service string, body *yaml.Node) error {
	_, networks := value(body, "networks")
	if networks == nil || networks.Kind != yaml.MappingNode {
		return nil
	}
	for i := 1; i < len(networks.Content); i += 2 {
		for _, key := range []string{"aliases", "ipv4_address", "ipv6_address"} {
			if at, v := value(networks.Content[i], key); v != nil {
				return fmt.Errorf("line %d: %s of service %s would be that of both colours; let nginx use the name of the service, and remove it", at.Line, key, service)
			}
		}
	}
	return nil
}

// ports gives each colour its own published ports, or publishes none.
func (d Doubling) ports(y *yamlText, service string, body *yaml.Node, green map[string]string) error {
	key, ports := value(body, "ports")
	if ports == nil {
		return nil
	}
	if body.Style&yaml.FlowStyle != 0 {
		return fmt.Errorf("line %d: service %s is written in one line and publishes ports; write one key a line", key.Line, service)
	}
	indent := strings.Repeat(" ", key.Column-1)
	if own := d.Ports[service]; len(own) > 0 {
		y.replaceEntry(key, indent+"ports: "+flow(own[model.Blue]))
		green["ports"] = flow(own[model.Green])
		return nil
	}
	expose := d.Expose[service]
	if at, have := value(body, "expose"); have != nil {
		for _, item := range have.Content {
			if !slices.Contains(expose, item.Value) {
				expose = append(slices.Clone(expose), item.Value)
			}
		}
		y.replaceEntry(at)
	}
	if len(expose) == 0 {
		y.replaceEntry(key)
		return nil
	}
	y.replaceEntry(key, indent+"expose: "+flow(expose))
	return nil
}

// dependants edits depends_on of a service where it names a doubled one, and refuses other references to one.
func (d Doubling) dependants(y *yamlText, service string, body *yaml.Node, colour model.Colour) error {
	if body.Kind != yaml.MappingNode {
		return nil
	}
	_, dep := value(body, "depends_on")
	if dep != nil {
		for i, n := range dep.Content {
			isName := dep.Kind == yaml.SequenceNode || i%2 == 0
			if isName && slices.Contains(d.Services, n.Value) {
				if err := y.replace(n, ColourOf(n.Value, colour)); err != nil {
					return err
				}
			}
		}
	}
	if slices.Contains(d.Services, service) {
		return nil
	}
	for _, key := range []string{"network_mode", "links", "volumes_from", "extends"} {
		if at, v := value(body, key); v != nil && d.mentions(v) != "" {
			return fmt.Errorf("line %d: %s of service %s names %s, which is to exist twice", at.Line, key, service, d.mentions(v))
		}
	}
	return nil
}

// dependencies are those of a service, in one line, with the doubled ones of a colour.
func (d Doubling) dependencies(dep *yaml.Node, colour model.Colour) (text string, changed bool) {
	var items []string
	for i, n := range dep.Content {
		name := n.Value
		if slices.Contains(d.Services, name) && (dep.Kind == yaml.SequenceNode || i%2 == 0) {
			name, changed = ColourOf(name, colour), true
		}
		switch {
		case dep.Kind == yaml.SequenceNode:
			items = append(items, name)
		case i%2 == 0:
			var pairs []string
			body := dep.Content[i+1]
			for k := 0; k+1 < len(body.Content); k += 2 {
				pairs = append(pairs, body.Content[k].Value+": "+body.Content[k+1].Value)
			}
			items = append(items, name+": {"+strings.Join(pairs, ", ")+"}")
		}
	}
	if dep.Kind == yaml.SequenceNode {
		return "[" + strings.Join(items, ", ") + "]", changed
	}
	return "{" + strings.Join(items, ", ") + "}", changed
}

// mentions returns the doubled service that a value names as a word of its own.
func (d Doubling) mentions(v *yaml.Node) string {
	for _, service := range d.Services {
		word := regexp.MustCompile(`(^|[^A-Za-z0-9_.-])` + regexp.QuoteMeta(service) + `([^A-Za-z0-9_.-]|$)`)
		if scalarMatches(v, word) != nil {
			return service
		}
	}
	return ""
}

// Callers are the places at which a service, other than nginx's own, reaches a doubled one by its name, which will not
// exist any more: http://web:3000.
func (d Doubling) Callers(file string, text []byte) (places []string) {
	y, err := readYAML(text)
	if err != nil {
		return nil
	}
	_, services := value(y.root, "services")
	if services == nil || services.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(services.Content); i += 2 {
		for _, key := range []string{"environment", "command", "entrypoint"} {
			_, v := value(services.Content[i+1], key)
			for _, service := range d.Services {
				name := regexp.QuoteMeta(service)
				if at := scalarMatches(v, regexp.MustCompile(`(://|@|[=,\s]|^)`+name+`:[0-9]|://([^/@]*@)?`+name+`(/|$)`)); at != nil {
					places = append(places, fmt.Sprintf("%s:%d: service %s reaches %s by its name", file, at.Line, services.Content[i].Value, service))
				}
			}
		}
	}
	return places
}

func scalarMatches(n *yaml.Node, pattern *regexp.Regexp) *yaml.Node {
	if n == nil {
		return nil
	}
	if n.Kind == yaml.ScalarNode && pattern.MatchString(n.Value) {
		return n
	}
	for _, child := range n.Content {
		if found := scalarMatches(child, pattern); found != nil {
			return found
		}
	}
	return nil
}
