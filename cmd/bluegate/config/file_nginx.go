package config

import (
	"cmp"
	"slices"
	"strings"

	"bluegate/deploy/model"
	"bluegate/nginx/mode"
)

// nginxSection says which nginx is switched, and how.
type nginxSection struct {
	Container string            `yaml:"container" convention:"the container with the label bluegate.nginx, otherwise the one whose configuration names a colour" doc:"The name of nginx's container, or of its Compose service."`
	Host      bool              `yaml:"host" default:"false" doc:"nginx runs on this host, not in a container."`
	Config    string            `yaml:"config" convention:"the file with which nginx was started" doc:"nginx's main configuration file, as nginx sees it."`
	Mode      string            `yaml:"mode" choice:"edit managed copy template link flag" default:"edit" doc:"How traffic is switched."`
	Files     []string          `yaml:"files" convention:"the files that name a colour" doc:"The files that mode edit may change."`
	From      string            `yaml:"from" expand:"colour" doc:"Modes copy and link: the file prepared for a colour."`
	To        string            `yaml:"to" doc:"Modes copy, template, link, flag and managed: the live file."`
	Text      string            `yaml:"text" expand:"colour" doc:"Mode template: the content of the live file."`
	Values    []string          `yaml:"values" doc:"Variables of set and map whose values name a colour."`
	Upstreams map[string]string `yaml:"upstreams" expand:"colour" doc:"Mode managed: the upstreams and their addresses."`
	Listen    string            `yaml:"listen" doc:"Mode managed: the address of bluegate's own server, which proves the route."`
}

// modesOfKeys says which modes use a key. A key that the mode does not use is an error: it would have no effect.
var modesOfKeys = []struct{ key, modes string }{
	{"files", "edit"}, {"values", "edit"}, {"from", "copy link"}, {"to", "managed copy template link flag"}, {"text", "template"},
	{"upstreams", "managed"}, {"listen", "managed"},
}

func (f *File) checkMode() error {
	mode := cmp.Or(f.Nginx.Mode, "edit")
	for _, o := range modesOfKeys {
		key := "nginx." + o.key
		_, given := f.values.Origins[key]
		for name := range f.values.Origins {
			given = given || strings.HasPrefix(name, key+".") || strings.HasPrefix(name, key+"[")
		}
		if given && !slices.Contains(strings.Fields(o.modes), mode) {
			return f.values.Wrong(key, "not used in mode %s, only in mode %s", mode, strings.Join(strings.Fields(o.modes), ", "))
		}
	}
	return nil
}

// nginxSettings returns how nginx is switched, with the values of each colour.
func (f *File) nginxSettings(dir string) mode.Settings {
	n := f.Nginx
	s := mode.Settings{
		Mode: n.Mode, Dir: dir, Files: n.Files, Values: n.Values, To: n.To, Listen: n.Listen,
	}
	if n.From == "" && n.Text == "" && len(n.Upstreams) == 0 {
		return s
	}
	s.From, s.Text, s.Upstreams = map[model.Colour]string{}, map[model.Colour]string{}, map[model.Colour]map[string]string{}
	for _, colour := range model.Colours {
		s.From[colour], s.Text[colour] = f.expand(colour, n.From), f.expand(colour, n.Text)
		s.Upstreams[colour] = map[string]string{}
		for name, server := range n.Upstreams {
			s.Upstreams[colour][name] = f.expand(colour, server)
		}
	}
	return s
}
