package setups

import (
	"maps"
	"slices"
	"strings"

	"pgregory.net/rapid"
)

// Setup is an application and the nginx in front of it, at one moment.
type Setup struct {
	Services []Service
	Files    map[string]string // of nginx, by path
	Live     string            // the colour whose containers run and serve
	Idle     string            // what there is of the other: absent, stopped or running
	Mode     string            // of bluegate.yml
	Values   []string          // nginx.values of mode edit
	Text     string            // what the live file of the modes template, copy and link holds, with {colour}
	// Upstreams are those of mode managed: the server of each, with {colour}.
	Upstreams map[string]string
}

// Paths of nginx's files: the main one, the live one of the modes that replace a whole file, and the one that mode flag makes
// and removes.
const (
	MainFile = "/etc/nginx/nginx.conf"
	LiveFile = "/etc/nginx/conf.d/00-live.conf"
	FlagFile = "/etc/nginx/flag/other.on"
)

// PreparedFile is the file of a colour in the modes copy and link. nginx includes neither.
func PreparedFile(colour string) string { return "/etc/nginx/prepared/" + colour + ".conf" }

// Whole says whether a mode replaces a whole file.
func (s Setup) Whole() bool { return s.Mode != "edit" && s.Mode != "flag" }

// Colours are both.
var Colours = []string{"blue", "green"}

// Other is the other colour.
func Other(colour string) string {
	if colour == "blue" {
		return "green"
	}
	return "blue"
}

// Generator draws setups. Those for a real engine have only what the images of the tests can run.
func Generator(real bool) *rapid.Generator[Setup] {
	return rapid.Custom(func(t *rapid.T) Setup {
		s := Setup{Mode: "edit", Live: oneOf(t, Colours), Idle: oneOf(t, []string{"stopped", "stopped", "absent", "running"})}
		if s.Services = drawServices(t, real); !real && often(t, 40) {
			s.Mode = oneOf(t, []string{"template", "copy", "link", "managed", "flag"})
		}
		s.Upstreams = map[string]string{}
		d := &drawing{t: t, setup: &s, real: real}
		for i, service := range s.Services {
			if service.Back || i > 0 && often(t, 10) {
				continue // nginx does not name it
			}
			d.mainRoute(service)
		}
		for range oneOf(t, []int{0, 1, 1, 2, 3}) {
			d.extra(oneOf(t, s.near()))
		}
		d.write()
		return s
	})
}

// near are the services that nginx can reach.
func (s Setup) near() []Service {
	return slices.DeleteFunc(slices.Clone(s.Services), func(service Service) bool { return service.Back })
}

func (s Setup) String() string {
	var b strings.Builder
	b.WriteString("live " + s.Live + ", the other is " + s.Idle + ", mode " + s.Mode + ", values " + strings.Join(s.Values, " ") + "\n")
	for _, colour := range Colours {
		b.WriteString("--- compose." + colour + ".yml\n" + s.Compose(colour))
	}
	for _, path := range slices.Sorted(maps.Keys(s.Files)) {
		b.WriteString("--- " + path + "\n" + s.Files[path])
	}
	return b.String()
}
