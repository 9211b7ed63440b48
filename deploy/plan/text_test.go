package plan

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"bluegate/deploy/check"
	"bluegate/deploy/gate"
	"bluegate/deploy/model"
)

// What is decided is text, with its causes, and the text is the test: testdata/*.txt. `go test -update` writes them.

var update = flag.Bool("update", false, "write testdata/*.txt")

// text is a plan in the order in which it is executed.
func text(p Plan, s Settings, refused error) string {
	var b strings.Builder
	line := func(verb, what, cause string) {
		fmt.Fprintf(&b, "%-8s %s", verb, what)
		if cause != "" {
			fmt.Fprintf(&b, " (%s)", cause)
		}
		b.WriteString("\n")
	}
	line("release", strings.TrimSpace(fmt.Sprintf("%s, from %q to %q", p.Release.ID, p.From, p.Release.To)), "")
	for _, img := range p.Pull {
		line("pull", img.Ref+" for "+strings.Join(img.Services, ", "), img.Cause)
	}
	for _, img := range p.Build {
		line("build", img.Ref+" for "+strings.Join(img.Services, ", "), img.Cause)
	}
	for _, c := range p.Replace {
		line("replace", c.Name, c.Cause)
	}
	for _, a := range p.Create {
		line("create", a.What, a.Cause)
	}
	for _, c := range p.Start {
		line("start", c.Name, c.Cause)
	}
	for _, e := range p.Expected {
		line("gate", e.Service, DescribeProbe(e.Probe))
	}
	for _, c := range p.Checks {
		line("check", c.String(), "from "+string(c.From))
	}
	for _, f := range p.Change.Files {
		line("switch", f.Path, fmt.Sprintf("%d addresses of %s", p.Change.Points, p.Change.Nginx))
	}
	if p.Bakes(s) {
		line("bake", s.Bake.For.String(), "")
	}
	for _, c := range p.InBake {
		line("check", c.String(), "in the bake, from "+string(c.From))
	}
	for _, c := range p.Stop {
		line("stop", c.Name, c.Cause)
	}
	for _, n := range p.Names {
		line("hold", n.Host, "nginx's files name it for both colours")
	}
	for _, f := range p.Findings {
		line("finding", f.Code+": "+f.Message, "")
	}
	if refused != nil {
		line("refused", refused.Error(), "")
	}
	return b.String()
}

// observed is a shop of which blue is live and green was stopped.
func observed() Observation {
	o := Observation{
		At:          time.Date(2026, 11, 20, 11, 45, 0, 0, time.UTC),
		Application: model.Application{Project: "shop", Models: map[model.Colour]model.Model{model.Blue: shop(model.Blue), model.Green: shop(model.Green)}},
		Images:      map[model.Colour][]model.Image{},
		Route: model.Route{Nginx: `container "edge"`, ID: "edge", State: model.RouterRunning, Names: model.Blue, Workers: []string{"7"},
			Points: []model.SwitchPoint{{Place: "default.conf:1", Directive: "server", Address: "was-blue:8080", Endpoint: model.Endpoint{Colour: model.Blue, Service: "was-blue", Host: "was-blue", Port: 8080}}}},
		Change:  model.Change{To: model.Green, Nginx: `container "edge"`, Points: 1, Files: []model.FileChange{{Path: "/etc/nginx/conf.d/default.conf"}}},
		Journal: model.Journal{Version: model.JournalVersion, Past: []model.HistoryEntry{{}}},
	}
	for _, colour := range model.Colours {
		for _, s := range o.Application.Models[colour].Services {
			o.Images[colour] = append(o.Images[colour], model.Image{Service: s.Name, Ref: s.Image, ID: "sha256:" + s.Name, FromPull: true})
			state := gate.StateRunning
			if colour == model.Green {
				state = gate.StateExited
			}
			o.Containers = append(o.Containers, model.Container{Colour: colour, Service: s.Name, Name: "shop-" + s.Name + "-1", ID: s.Name, Image: s.Image, Digest: "sha256:" + s.Name,
				State: string(state), Running: state == gate.StateRunning, Release: "r-" + string(colour)})
		}
	}
	return o
}

// retired is the journal in which green was live before.
func retired(o *Observation) {
	back := model.ReleaseRecord{Release: "r-green", Colour: model.Green, Model: shop(model.Green)}
	for _, c := range o.Of(model.Green) {
		back.Kept = append(back.Kept, model.RetainedContainer{Service: c.Service, Name: c.Name, ID: c.ID, Image: c.Image, Digest: c.Digest})
	}
	o.Journal.Releases = []model.ReleaseRecord{{Release: "r-blue", Colour: model.Blue}, back}
}

// without are the containers that are there except for these.
func (o *Observation) without(names ...string) {
	o.Containers = slices.DeleteFunc(o.Containers, func(c model.Container) bool { return slices.Contains(names, c.Name) })
}

func greenRuns(o *Observation) {
	for i := range o.Containers {
		o.Containers[i].Running, o.Containers[i].State = true, string(gate.StateRunning)
	}
}

func (o *Observation) service(name string, change func(*model.Service)) {
	m := o.Application.Models[model.Green]
	m.Services = slices.Clone(m.Services)
	for i := range m.Services {
		if m.Services[i].Name == name {
			change(&m.Services[i])
		}
	}
	o.Application = o.Application.With(m)
}

func TestPlans(t *testing.T) {
	for name, test := range map[string]struct {
		set  func(*Observation, *Settings)
		back bool
	}{
		"deploy":                              {set: func(*Observation, *Settings) {}},
		"deploy_the_old_colour_is_removed":    {set: func(_ *Observation, s *Settings) { s.Keep = model.KeepRemoved }},
		"deploy_the_old_colour_keeps_running": {set: func(_ *Observation, s *Settings) { s.Keep = model.KeepRunning }},
		"deploy_first_without_nginx": {set: func(o *Observation, _ *Settings) {
			o.Containers, o.Route, o.Change = nil, model.Route{State: model.RouterAbsent}, model.Change{}
		}},
		"deploy_first_nginx_elsewhere": {set: func(o *Observation, _ *Settings) {
			o.Containers, o.Route, o.Change = nil, model.Route{State: model.RouterAbsent, Elsewhere: []string{`container "edge"`}}, model.Change{}
		}},
		"deploy_first_nginx_stopped": {set: func(o *Observation, s *Settings) {
			o.Containers, o.Route.State, s.To = nil, model.RouterStopped, model.Green
		}},
		"deploy_images": {set: func(o *Observation, _ *Settings) {
			o.service("was-green", func(s *model.Service) { s.Build = true })
			o.service("signal-green", func(s *model.Service) { s.Image = "shop/local" })
			o.Images[model.Green][1].Ref, o.Images[model.Green][1].FromPull = "shop/local", false
		}},
		"deploy_pulls_nothing": {set: func(_ *Observation, s *Settings) { s.NoPull = true }},
		"deploy_bake_and_checks": {set: func(o *Observation, s *Settings) {
			s.Checks = map[model.Colour][]check.Check{model.Green: {{Request: check.Request{Kind: check.HTTP, Target: "http://was-green:8080/health"}}}}
			s.Bake = Bake{For: time.Minute, Checks: map[model.Colour][]check.Check{model.Green: {{Request: check.Request{Kind: check.TCP, Target: "127.0.0.1:80"}}}}}
		}},
		"deploy_names_are_held": {set: func(o *Observation, _ *Settings) {
			for _, colour := range model.Colours {
				o.Route.Paired = append(o.Route.Paired, model.Endpoint{Colour: colour, Service: "was-" + string(colour), Host: "was-" + string(colour), Port: 8080})
			}
		}},
		"deploy_replaces_what_runs": {set: func(o *Observation, _ *Settings) { greenRuns(o) }},
		"refused_live_already":      {set: func(_ *Observation, s *Settings) { s.To = model.Blue }},
		"refused_live_unknown": {set: func(o *Observation, _ *Settings) {
			o.Route.Names, o.Route.Points = model.None, nil
			o.Route.Mentions = []model.Mention{{Colour: model.Blue, Place: "default.conf:9", Directive: "proxy_pass", Text: "http://was-blue"}}
			o.Route.Write = map[model.Colour]string{model.Blue: "server was-blue:8080; in upstream was"}
		}},
		"refused_nginx_absent":  {set: func(o *Observation, _ *Settings) { o.Route = model.Route{State: model.RouterAbsent} }},
		"refused_nginx_stopped": {set: func(o *Observation, _ *Settings) { o.Route.State = model.RouterStopped }},
		"refused_not_loaded": {set: func(o *Observation, _ *Settings) {
			o.Route.Names, o.Route.Refusal = model.Green, model.Refuse(model.ConfigNotLoaded, "default.conf was changed after nginx loaded it")
			o.Unswitchable = nil
		}},
		"refused_no_healthcheck": {set: func(o *Observation, _ *Settings) {
			o.service("was-green", func(s *model.Service) { s.Probe = nil })
		}},
		"refused_no_image": {set: func(o *Observation, s *Settings) { s.NoPull, o.Images[model.Green][0].ID = true, "" }},
		"refused_still_draining": {set: func(o *Observation, _ *Settings) {
			greenRuns(o)
			o.Route.Draining = 2
		}},
		"refused_left_over": {set: func(o *Observation, _ *Settings) {
			greenRuns(o)
			o.Route.Mentions = []model.Mention{{Colour: model.Green, Place: "admin.conf:3", Directive: "proxy_pass", Text: "http://was-green:8080", Remedy: "remove it"}}
		}},
		"rollback": {back: true, set: func(o *Observation, _ *Settings) { retired(o) }},
		"rollback_what_is_gone_is_created": {back: true, set: func(o *Observation, _ *Settings) {
			retired(o)
			o.without("shop-was-green-1")
		}},
		"rollback_replaces_what_is_not_its_own": {back: true, set: func(o *Observation, _ *Settings) {
			retired(o)
			o.Containers[2].ID, o.Containers[2].Release = "started-by-hand", ""
		}},
		"refused_rollback_of_a_rollback": {back: true, set: func(o *Observation, _ *Settings) {
			retired(o)
			o.Journal.Releases[0].Instead = "r-later"
		}},
		"refused_rollback_nothing_before": {back: true, set: func(*Observation, *Settings) {}},
		"refused_rollback_beyond_recall": {back: true, set: func(o *Observation, _ *Settings) {
			retired(o)
			o.without("shop-was-green-1")
			o.Retained = Retained(o.Journal.Releases[1], o.Containers, o.Journal.Releases[1].Kept[:1])
		}},
	} {
		t.Run(name, func(t *testing.T) {
			o, s := observed(), DefaultSettings()
			test.set(&o, &s)
			o = o.Judged()
			p, err := Choose(o, s, "r-next")
			if test.back {
				p, err = ChooseBack(o, s)
			}
			if o.Unswitchable = o.Route.Refusal; err == nil { // as nginx's adapter answers
				p, err = p.Make(o, s)
			}
			got, file := text(p, s, err), filepath.Join("testdata", name+".txt")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil || got != string(want) {
				t.Errorf("%v\n%s\nwant:\n%s", err, got, want)
			}
		})
	}
}

// TestOffered: what the registries answer is part of the plan that a dry run prints.
func TestOffered(t *testing.T) {
	o, s := observed(), DefaultSettings()
	o.service("signal-green", func(s *model.Service) { s.PullPolicy = model.PolicyAlways })
	o = o.Judged()
	p, err := Choose(o, s, "r-next")
	if err == nil {
		p, err = p.Make(o, s)
	}
	if err != nil {
		t.Fatal(err)
	}
	absent := &model.NotOfferedError{Err: os.ErrNotExist}
	for _, test := range []struct {
		answers map[string]error
		pull    int
		code    string // of the finding
		refused bool
	}{
		{nil, 2, "", false},
		{map[string]error{"shop/was-green:latest": absent}, 1, "local-image", false},
		{map[string]error{"shop/signal-green:latest": absent}, 1, "", true}, // pull_policy insists
		{map[string]error{"shop/was-green:latest": os.ErrDeadlineExceeded}, 2, "not-checked", false},
	} {
		got, err := p.Offered(test.answers)
		code := ""
		if n := len(got.Findings); n > 0 {
			code = got.Findings[n-1].Code
		}
		if len(got.Pull) != test.pull || code != test.code || (err != nil) != test.refused || len(p.Pull) != 2 {
			t.Errorf("%v: %d pulled, finding %q, %v", test.answers, len(got.Pull), code, err)
		}
	}
}
