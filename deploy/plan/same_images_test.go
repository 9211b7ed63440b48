package plan

import (
	"testing"

	"bluegate/deploy/model"
)

func TestSameImages(t *testing.T) {
	services := func(colour string) model.Model {
		return model.Model{Services: []model.Service{{Key: "was", Name: "was-" + colour}, {Key: "signal", Name: "signal-" + colour}}}
	}
	live := Observation{
		Application: model.Application{Models: map[model.Colour]model.Model{model.Blue: services("blue"), model.Green: services("green")}},
		Containers: []model.Container{
			{Colour: model.Blue, Service: "was-blue", Digest: "1"}, {Colour: model.Blue, Service: "was-blue", Digest: "1"}, {Colour: model.Blue, Service: "signal-blue", Digest: "2"},
		},
	}
	mixed := live
	mixed.Containers = append([]model.Container{{Colour: model.Blue, Service: "was-blue", Digest: "0"}}, live.Containers...)
	fewer := live
	fewer.Containers = live.Containers[:2]
	for name, c := range map[string]struct {
		o           Observation
		from        model.Colour
		was, signal string
		same        bool
	}{
		"the same":                    {live, model.Blue, "1", "2", true},
		"one is new":                  {live, model.Blue, "1", "3", false},
		"one is not here yet":         {live, model.Blue, "1", "", false},
		"replicas of two images":      {mixed, model.Blue, "1", "2", false},
		"a service without container": {fewer, model.Blue, "1", "2", false},
		"nothing is live":             {live, model.None, "1", "2", false},
	} {
		p := Plan{From: c.from, Release: model.Release{To: model.Green, Model: services("green")}, Images: []model.Image{{Service: "was-green", ID: c.was}, {Service: "signal-green", ID: c.signal}}}
		if got := len(p.SameImages(c.o)) == 1; got != c.same {
			t.Errorf("%s: %v", name, got)
		}
	}
}
