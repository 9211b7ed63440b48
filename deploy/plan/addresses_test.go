package plan

import (
	"testing"
	"time"

	"bluegate/deploy/gate"
	"bluegate/deploy/model"
)

// TestNotLoadedAddresses: nginx does not know what was started after its last reload, where that has another address and
// nginx reaches it by name.
func TestNotLoadedAddresses(t *testing.T) {
	began := time.Now()
	base := func() Observation {
		return Observation{
			Live: Live{Colour: model.Green},
			Route: model.Route{Nginx: `container "edge"`, State: model.RouterRunning, Since: began, Points: []model.SwitchPoint{
				{Endpoint: model.Endpoint{Colour: model.Green, Service: "was", Host: "shop-green_was", Port: 3000}},
			}},
			Containers: []model.Container{{Colour: model.Green, Service: "was", Name: "shop-green_was.1", Running: true, Moves: true, Sample: gate.Sample{StartedAt: began.Add(time.Minute)}}},
		}
	}
	for name, test := range map[string]struct {
		change func(*Observation)
		want   int
	}{
		"started after the reload":  {func(*Observation) {}, 1},
		"started before it":         {func(o *Observation) { o.Containers[0].Sample.StartedAt = began.Add(-time.Minute) }, 0},
		"within the same second":    {func(o *Observation) { o.Containers[0].Sample.StartedAt = began.Add(time.Second / 2) }, 0},
		"keeps its address":         {func(o *Observation) { o.Containers[0].Moves = false }, 0},
		"does not run":              {func(o *Observation) { o.Containers[0].Running = false }, 0},
		"of the idle colour":        {func(o *Observation) { o.Containers[0].Colour = model.Blue }, 0},
		"not behind nginx":          {func(o *Observation) { o.Containers[0].Service = "worker" }, 0},
		"by its published port":     {func(o *Observation) { o.Route.Points[0].Endpoint.Published = true }, 0},
		"by its address":            {func(o *Observation) { o.Route.Points[0].Endpoint.Host = "10.0.0.4" }, 0},
		"nginx looks it up often":   {func(o *Observation) { o.Route.Since = time.Time{} }, 0},
		"what is live is not known": {func(o *Observation) { o.Live.Colour = model.None }, 0},
		"nginx does not run":        {func(o *Observation) { o.Route.State = model.RouterStopped }, 0},
	} {
		o := base()
		test.change(&o)
		if got := o.NotLoadedAddresses(); len(got) != test.want {
			t.Errorf("%s: %v", name, got)
		}
		if got := o.AddressesNotLoaded(); len(got) != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
