package load

import (
	"context"
	"errors"
	"reflect"
	"slices"

	"github.com/compose-spec/compose-go/v2/template"

	"bluegate/deploy/model"
)

// placeholders are pairs of values for required variables that are not set. Each is valid as a tag and as a name; those of
// the first pair are also ports, of the second durations, of the third addresses. Everything that depends on a variable
// differs between the two values of a pair.
var placeholders = [][2]string{{"11111", "22222"}, {"11s", "22s"}, {"10.11.11.11", "10.22.22.22"}}

// withoutVariables reads the files although variables that they require are not set, such as the version of the next
// release. What runs does not depend on these variables: in the model, what depends on one is left out, and Unset says
// that the containers tell it. ok is false where the files cannot be read with any placeholder.
func (l Loader) withoutVariables(ctx context.Context, cause error) (known Loaded, ok bool, err error) {
	var missing *template.MissingRequiredError
	if !l.OnlyWhatRuns || !errors.As(cause, &missing) {
		return known, false, nil
	}
	for _, pair := range placeholders {
		one, first := l.withPlaceholder(ctx, cause, pair[0])
		other, second := l.withPlaceholder(ctx, cause, pair[1])
		if first != nil || second != nil {
			continue
		}
		if one.Application.Project != other.Application.Project {
			return known, false, model.Invalid("%w; the name of the lock and of the journal depends on it: set it, or name the application in bluegate.yml (project: NAME)", cause)
		}
		return one.agreeing(other)
	}
	return known, false, nil
}

// withPlaceholder reads the files with a value in the place of each variable that is required and not set.
func (l Loader) withPlaceholder(ctx context.Context, cause error, value string) (read Loaded, err error) {
	var missing *template.MissingRequiredError
	unset := map[string]string{}
	for err = cause; errors.As(err, &missing) && unset[missing.Variable] == ""; {
		unset[missing.Variable] = value
		read, err = l.loadWith(ctx, unset)
	}
	return read, err
}

// agreeing is what two readings agree on.
func (l Loaded) agreeing(other Loaded) (Loaded, bool, error) {
	for _, colour := range model.Colours {
		m, ok := agreed(l.Application.Models[colour], other.Application.Models[colour])
		if !ok {
			return l, false, nil
		}
		l.Application.Models[colour] = m
	}
	return l, true, nil
}

// agreed is what two readings of a colour agree on. ok is false where they differ in which services there are.
func agreed(a, b model.Model) (m model.Model, ok bool) {
	m = a
	m.Services = slices.Clone(a.Services)
	if a.ComposeProject != b.ComposeProject {
		m.ComposeProject = ""
	}
	if len(a.Services) != len(b.Services) {
		return m, false
	}
	for i, s := range a.Services {
		if s.Name != b.Services[i].Name {
			return m, false
		}
		m.Services[i] = agreedService(s, b.Services[i], m.ComposeProject == "")
	}
	return m, true
}

// agreedService leaves out what differs. Of lists of names the common ones stay; a list of ports of which one is not
// known says nothing of the others.
func agreedService(a, b model.Service, unset bool) model.Service {
	out := a
	a.Image, b.Image = "", ""
	if !unset && reflect.DeepEqual(a, b) {
		return out
	}
	out.Unset = true
	out.Hosts, out.Also, out.Networks = common(a.Hosts, b.Hosts), common(a.Also, b.Also), common(a.Networks, b.Networks)
	out.HostPorts, out.Published = common(a.HostPorts, b.HostPorts), common(a.Published, b.Published)
	if a.ContainerName != b.ContainerName {
		out.ContainerName = ""
	}
	if !slices.Equal(a.Ports, b.Ports) {
		out.Ports = nil
	}
	if a.Replicas != b.Replicas {
		out.Replicas = 0
	}
	if !reflect.DeepEqual(a.Probe, b.Probe) {
		out.Probe = nil
	}
	return out
}

func common[T comparable](a, b []T) []T {
	return slices.DeleteFunc(slices.Clone(a), func(one T) bool { return !slices.Contains(b, one) })
}
