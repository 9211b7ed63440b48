package plan

import (
	"strings"
	"testing"

	"bluegate/deploy/gate"
	"bluegate/deploy/model"
)

// copied is an application of which blue is live, with a migration that has ended.
func copied(change func(*Observation)) Observation {
	o := Observation{Application: model.Application{Models: map[model.Colour]model.Model{}}}
	for _, colour := range model.Colours {
		m := model.Model{Colour: colour}
		for _, part := range []string{"app", "worker", "migrate"} {
			s := model.Service{Name: part + "-" + string(colour), Key: part + "-{colour}", Image: part + ":new", Replicas: 2, Build: true, PullPolicy: model.PolicyAlways, OneShot: part == "migrate"}
			if s.OneShot {
				s.Image = "app:new"
			}
			m.Services = append(m.Services, s)
			if colour == model.Blue {
				o.Containers = append(o.Containers, model.Container{Colour: colour, Service: s.Name, Name: s.Name + "-1", Image: s.Image, Digest: "sha256:" + part, Running: !s.OneShot})
			}
		}
		o.Application.Models[colour] = m
	}
	if change != nil {
		change(&o)
	}
	return o
}

// drop removes the containers of a service.
func (o *Observation) drop(service string) {
	var left []model.Container
	for _, c := range o.Containers {
		if c.Service != service {
			left = append(left, c)
		}
	}
	o.Containers = left
}

func TestCopy(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*Observation)
		images string // of green
		says   string
	}{
		"each service": {nil, "sha256:app sha256:worker sha256:migrate", ""},
		"a migration whose container is gone, of the image of the app": {func(o *Observation) { o.drop("migrate-blue") }, "sha256:app sha256:worker sha256:app", ""},
		"a migration whose image nothing runs": {func(o *Observation) {
			o.drop("migrate-blue")
			o.Application.Models[model.Blue].Services[2].Image = "migrations:1"
		}, "", "no container of migrate-blue"},
		"a migration of both colours": {func(o *Observation) {
			for _, colour := range model.Colours {
				s := &o.Application.Models[colour].Services[2]
				s.Name, s.Key, s.Shared = "migrate", "migrate", true
				o.Application.Models[colour].Services[0].After = []gate.Dependency{{Service: "migrate"}}
			}
			o.drop("migrate-blue")
		}, "sha256:app sha256:worker", ""},
		"a service that does not run": {func(o *Observation) { o.drop("worker-blue") }, "", "no container of worker-blue"},
		"two images of one service": {func(o *Observation) {
			o.Containers = append(o.Containers, model.Container{Colour: model.Blue, Service: "app-blue", Digest: "sha256:other"})
		}, "", "2 different images"},
		"one that green does not have": {func(o *Observation) {
			m := o.Application.Models[model.Green]
			m.Services = m.Services[1:]
			o.Application.Models[model.Green] = m
		}, "", "blue has the service app-blue"},
		"one that blue does not have": {func(o *Observation) {
			m := o.Application.Models[model.Blue]
			m.Services = m.Services[1:]
			o.Application.Models[model.Blue] = m
		}, "", "in the place of app-green"},
	} {
		o := copied(test.change)
		m, err := o.Copy(model.Blue, model.Green)
		if test.says != "" {
			if reasons := model.ReasonsOf(err); len(reasons) != 1 || reasons[0].Code != model.CannotCopy || !strings.Contains(err.Error(), test.says) {
				t.Errorf("%s: %v, want %q", name, err, test.says)
			}
			continue
		}
		var images []string
		for _, s := range m.Services {
			images = append(images, s.Image)
			if !s.Pinned || s.Build || s.PullPolicy != model.PolicyNever || s.Replicas != 2 {
				t.Errorf("%s: %+v", name, s)
			}
		}
		if len(m.Services[0].After) > 0 {
			t.Errorf("%s: it waits for %v, which is not there", name, m.Services[0].After)
		}
		if err != nil || strings.Join(images, " ") != test.images {
			t.Errorf("%s: %q, %v, want %s", name, images, err, test.images)
		}
		if o.Application.Models[model.Green].Services[0].Pinned {
			t.Errorf("%s: the observation was changed", name)
		}
	}
}
