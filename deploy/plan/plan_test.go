package plan

import (
	"errors"
	"testing"
	"time"

	"bluegate/deploy/gate"
	"bluegate/deploy/model"
)

// TestChooseColour: which colour a deployment is about.
func TestChooseColour(t *testing.T) {
	for _, test := range []struct {
		live, named, wanted model.Colour
		want                model.Colour
		invalid             bool
	}{
		{model.Blue, model.Blue, model.None, model.Green, false},
		{model.Green, model.Green, model.None, model.Blue, false},
		{model.Blue, model.Blue, model.Green, model.Green, false},
		{model.Blue, model.Blue, model.Blue, model.Blue, true},
		{model.None, model.Green, model.None, model.Green, false},
		{model.None, model.Green, model.Blue, model.Blue, false},
		{model.None, model.None, model.None, model.Blue, false},
		{model.None, model.None, model.Green, model.Green, false},
	} {
		o := Observation{Route: model.Route{Names: test.named}, Live: Live{Colour: test.live}}
		p, err := Choose(o, Settings{To: test.wanted}, "")
		var invalid *model.InvalidError
		if errors.As(err, &invalid) != test.invalid || p.Release.To != test.want || p.From != test.live {
			t.Errorf("live %q, named %q, wanted %q: from %q to %q, %v", test.live, test.named, test.wanted, p.From, p.Release.To, err)
		}
	}
}

// shop is a colour of two services.
func shop(colour model.Colour) model.Model {
	m := model.Model{Colour: colour, ComposeProject: "shop", Files: []string{"compose." + string(colour) + "-deploy.yml"}}
	for _, part := range []string{"was", "signal"} {
		name := part + "-" + string(colour)
		m.Services = append(m.Services, model.Service{
			Name: name, Key: part + "-{colour}", Image: "shop/" + name + ":latest", Replicas: 1, Hosts: []string{name}, Ports: []int{8080},
			Probe: &gate.Probe{Interval: time.Second, Timeout: time.Second, Retries: 3}, Place: m.Files[0] + ":3",
		})
	}
	return m
}
