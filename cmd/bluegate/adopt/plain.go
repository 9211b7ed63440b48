package adopt

import (
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"

	"bluegate/compose/load"
	"bluegate/deploy/model"
)

// Plain is a setup without colours: one set of Compose services behind an nginx that runs.
type Plain struct {
	Set   load.OneSet
	Truth Truth
	// Free says whether nothing on the engine's host uses a port.
	Free func(port int) bool
}

// candidates are the services that could be doubled: no database, queue, cache or proxy, no tool, nothing in which an
// nginx runs, and nothing that ends.
func (p Plain) candidates() (out []model.Service) {
	for _, s := range p.Set.Model.Services {
		nginx := slices.ContainsFunc(p.Truth.In(p.Set.Project.Name), func(r Running) bool { return r.Service == s.Name && r.RunsNginx() })
		if !nginx && !s.OneShot && load.SharedKind(s.Image, s.Name) == "" && !load.IsSharedImage(s.Image) {
			out = append(out, s)
		}
	}
	return out
}

// Application is the setup as an application of two colours, of which nginx names the first: blue are the services as they
// are now, and green is what will be blue after the edit.
func (p Plain) Application() model.Application {
	app := model.Application{Project: p.Set.Project.Name, Models: map[model.Colour]model.Model{}}
	now, then := p.Set.Model, p.Set.Model
	now.Colour, then.Colour = model.Blue, model.Green
	now.Services, then.Services = p.candidates(), nil
	ports := p.ports()
	for _, s := range now.Services {
		s.Name, s.Hosts, s.Also = ColourOf(s.Name, model.Blue), []string{ColourOf(s.Name, model.Blue)}, nil
		s.Published = slices.Clone(s.Published)
		for i := range s.Published {
			s.Published[i].Port = ports[s.Published[i].Port][0]
		}
		s.HostPorts = nil
		then.Services = append(then.Services, s)
	}
	app.Models[model.Blue], app.Models[model.Green] = now, then
	return app
}

// ports are two free ports of the host for each published one.
func (p Plain) ports() map[int][2]int {
	out, taken := map[int][2]int{}, map[int]bool{}
	for _, s := range p.Set.Model.Services {
		for _, published := range s.Published {
			taken[published.Port] = true
		}
	}
	next := func(from int) int {
		for from++; from < 65535 && (taken[from] || p.Truth.Publishes(from) || !p.Free(from)); from++ {
			continue
		}
		taken[from] = true
		return from
	}
	for _, s := range p.Set.Model.Services {
		for _, published := range s.Published {
			if _, known := out[published.Port]; !known {
				blue := next(published.Port)
				out[published.Port] = [2]int{blue, next(blue)}
			}
		}
	}
	return out
}

// Doubling says what of the Compose files is to be edited when these are the places at which nginx names the services.
func (p Plain) Doubling(points []model.SwitchPoint) Doubling {
	d := Doubling{Ports: map[string]map[model.Colour][]string{}, Expose: map[string][]string{}}
	ports := p.ports()
	for _, at := range points {
		name := at.Endpoint.Service
		if !slices.Contains(d.Services, name) {
			d.Services = append(d.Services, name)
		}
		s, _ := p.Set.Model.Service(name)
		if !at.Endpoint.Published {
			if port := strconv.Itoa(at.Endpoint.Port); at.Endpoint.Port > 0 && !slices.Contains(d.Expose[name], port) {
				d.Expose[name] = append(d.Expose[name], port)
			}
			continue
		}
		own := map[model.Colour][]string{}
		for _, published := range s.Published {
			for i, colour := range model.Colours {
				text := fmt.Sprintf("%d:%d", ports[published.Port][i], published.Target)
				if published.IP != "" {
					text = net.JoinHostPort(published.IP, text)
				}
				own[colour] = append(own[colour], text)
			}
		}
		d.Ports[name] = own
	}
	slices.Sort(d.Services)
	return d
}

// Unpublished are the host ports that the doubled services do not publish any more.
func (p Plain) Unpublished(d Doubling) (out []string) {
	for _, name := range d.Services {
		if s, _ := p.Set.Model.Service(name); len(d.Ports[name]) == 0 && len(s.HostPorts) > 0 {
			out = append(out, fmt.Sprintf("%s does not publish %s any more: two colours cannot have one port, and nginx reaches them by name", name, strings.Join(s.HostPorts, ", ")))
		}
	}
	return out
}

// Others are the candidates that nginx does not name: they stay as they are.
func (p Plain) Others(d Doubling) (names []string) {
	for _, s := range p.candidates() {
		if !slices.Contains(d.Services, s.Name) {
			names = append(names, s.Name)
		}
	}
	return names
}

// Variables are those of nginx's configuration that are given an address of a service.
func Variables(mentions []model.Mention) []string {
	found := map[string]bool{}
	for _, m := range mentions {
		if m.Variable != "" {
			found[m.Variable] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// FirstSwitch are the commands of the first switch-over, in their order: blue is started next to the service that has the
// users, nginx is reloaded with the edited file, and the old container ends after its requests.
func (p Plain) FirstSwitch(d Doubling, compose []string, nginx Running) []Step {
	up := append(slices.Clone(compose), "up", "-d", "--no-deps", "--wait")
	for _, name := range d.Services {
		up = append(up, ColourOf(name, model.Blue))
	}
	reload := "sudo nginx -s reload"
	switch {
	case nginx.Name != "" && nginx.Project == p.Set.Project.Name && nginx.Service != "":
		reload = strings.Join(append(slices.Clone(compose), "exec", "-T", nginx.Service, "nginx", "-s", "reload"), " ")
	case nginx.Name != "":
		reload = "docker exec " + nginx.Name + " nginx -s reload"
	}
	var old []string
	for _, r := range p.Truth.In(p.Set.Project.Name) {
		if slices.Contains(d.Services, r.Service) {
			old = append(old, r.Name)
		}
	}
	slices.Sort(old)
	steps := []Step{{strings.Join(up, " "), "the same version as now, next to it; until step 2 do not restart nginx"}, {reload, "users are on blue now"}, {"bluegate status", "must say: blue is live"}}
	if len(old) > 0 {
		steps = append(steps, Step{"docker stop " + strings.Join(old, " ") + " && docker rm " + strings.Join(old, " "), "the old one, without a colour"})
	}
	return steps
}

// Step is a command for a person, and what is to be known about it.
type Step struct {
	Run  string `json:"run"`
	Note string `json:"note,omitempty"`
}
