package model

import (
	"reflect"
	"testing"

	"bluegate/deploy/gate"
)

// TestAsRuns: the containers tell what the files leave open, and nothing else.
func TestAsRuns(t *testing.T) {
	probe := &gate.Probe{Retries: 3}
	app := Application{Models: map[Colour]Model{
		Blue: {Colour: Blue, Services: []Service{
			{Name: "was-blue", Hosts: []string{"was-blue"}, Unset: true},
			{Name: "signal-blue", Hosts: []string{"signal-blue"}, Ports: []int{1}, Replicas: 2},
		}},
		Green: {Colour: Green, ComposeProject: "shop", Services: []Service{{Name: "was-green", Unset: true}}},
	}}
	containers := []Container{{
		Colour: Blue, Service: "was-blue", Name: "app-7", ID: "0123456789abcdef", Names: []string{"0123456789ab", "was-blue", "v7"}, Project: "shop-7",
		Exposed: []int{3000}, Probe: probe, Addresses: map[string]string{"web": "10.0.0.2", "web (IPv6)": "fd00::2"}, Published: []Published{{Port: 81}},
	}, {Colour: Blue, Service: "signal-blue", Name: "shop-signal-blue-1", Exposed: []int{2}}}
	got := app.AsRuns(containers)
	want := map[Colour]Model{
		Blue: {Colour: Blue, ComposeProject: "shop-7", Services: []Service{
			{Name: "was-blue", Hosts: []string{"was-blue", "app-7", "v7"}, Networks: []string{"web"}, Ports: []int{3000}, Published: []Published{{Port: 81}}, Replicas: 1, Probe: probe},
			{Name: "signal-blue", Hosts: []string{"signal-blue"}, Ports: []int{1}, Replicas: 2},
		}},
		Green: {Colour: Green, ComposeProject: "shop", Services: []Service{{Name: "was-green", Replicas: 1}}},
	}
	if !reflect.DeepEqual(got.Models, want) {
		t.Errorf("got  %+v\nwant %+v", got.Models, want)
	}
	if app.Models[Blue].Services[0].Unset == false {
		t.Error("the application was changed")
	}
}
