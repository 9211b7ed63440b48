package config

import (
	"cmp"
	"slices"
	"strings"

	"bluegate/deploy/model"
	"bluegate/nginx"
)

// nginxSection says which nginx is switched, and how.
type nginxSection struct {
	Container string            `yaml:"container" convention:"the one with label bluegate.nginx, else the one whose configuration names a colour" doc:"The name of nginx's container, or of its Compose service."`
	Host      bool              `yaml:"host" default:"false" doc:"nginx runs on this host and not in a container."`
	Config    string            `yaml:"config" convention:"the one that nginx was started with" doc:"nginx's main configuration file, as nginx sees it."`
	Mode      string            `yaml:"mode" choice:"edit managed copy template link flag" default:"edit" doc:"How traffic is switched."`
	Files     []string          `yaml:"files" convention:"those that name a colour" doc:"The files that mode edit may edit."`
	From      string            `yaml:"from" expand:"colour" doc:"Modes copy and link: the file prepared for a colour."`
	To        string            `yaml:"to" doc:"Modes copy, template, link, flag and managed: the live file."`
	Text      string            `yaml:"text" expand:"colour" doc:"Mode template: what the live file holds."`
	Values    []string          `yaml:"values" doc:"Variables of set and map whose values name a colour."`
	Upstreams map[string]string `yaml:"upstreams" expand:"colour" doc:"Mode managed: each upstream, and the address behind it."`
	Listen    string            `yaml:"listen" doc:"Mode managed: where bluegate's own location, which proves the route, listens."`
}

// ofModes says which modes look at a key. One that none would look at is a mistake: the file would promise what never
// happens.
var ofModes = []struct{ key, modes string }{
	{"files", "edit"}, {"values", "edit"}, {"from", "copy link"}, {"to", "managed copy template link flag"}, {"text", "template"},
	{"upstreams", "managed"}, {"listen", "managed"},
}

func (f *File) fitsMode() error {
	mode := cmp.Or(f.Nginx.Mode, "edit")
	for _, o := range ofModes {
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

// nginxSettings are how nginx is switched, with each colour's own words in their places.
func (f *File) nginxSettings(dir string) nginx.Settings {
	n := f.Nginx
	s := nginx.Settings{
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
