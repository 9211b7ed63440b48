package plan

import (
	"slices"
	"testing"
	"time"

	"bluegate/deploy/gate"
	"bluegate/deploy/model"
)

func TestEffectiveProbe(t *testing.T) {
	const s = time.Second
	probe := func(interval, timeout, start time.Duration, retries int) *gate.Probe {
		return &gate.Probe{Interval: interval, Timeout: timeout, StartPeriod: start, Retries: retries}
	}
	for _, test := range []struct {
		name        string
		file, image *gate.Probe
		disabled    bool
		want        *gate.Probe
	}{
		{"neither has one", nil, nil, false, nil},
		{"the file's", probe(1*s, 2*s, 3*s, 4), nil, false, probe(1*s, 2*s, 3*s, 4)},
		{"the image's", nil, probe(1*s, 2*s, 3*s, 4), false, probe(1*s, 2*s, 3*s, 4)},
		{"Docker's defaults", probe(0, 0, 0, 0), nil, false, probe(30*s, 30*s, 0, 3)},
		{"field by field", probe(1*s, 0, 0, 0), probe(5*s, 2*s, 9*s, 0), false, probe(1*s, 2*s, 9*s, 3)},
		{"the file says more", probe(1*s, 2*s, 3*s, 4), probe(5*s, 6*s, 7*s, 8), false, probe(1*s, 2*s, 3*s, 4)},
		{"disabled", nil, probe(1*s, 2*s, 3*s, 4), true, nil},
		{"disabled, though it says more", probe(1*s, 2*s, 3*s, 4), nil, true, nil},
	} {
		got := EffectiveProbe(model.Service{Probe: test.file, ProbeDisabled: test.disabled}, model.Image{Probe: test.image})
		if (got == nil) != (test.want == nil) || got != nil && *got != *test.want {
			t.Errorf("%s: %s, want %s", test.name, DescribeProbe(got), DescribeProbe(test.want))
		}
	}
}

func TestWithImages(t *testing.T) {
	m := model.Model{Services: []model.Service{{Name: "a"}, {Name: "b", Ports: []int{1}}, {Name: "c"}}}
	got := m.WithImages([]model.Image{{Service: "a", Ports: []int{8080, 9090}}, {Service: "b", Ports: []int{2}}})
	if a, b, c := got.Services[0].Ports, got.Services[1].Ports, got.Services[2].Ports; !slices.Equal(a, []int{8080, 9090}) || !slices.Equal(b, []int{1}) || c != nil {
		t.Errorf("%v %v %v", a, b, c)
	}
	if m.Services[0].Ports != nil {
		t.Error("the model itself was changed")
	}
}

// What runs and cannot be asked passes by running only where the user or the Compose file says so.
func TestRunningSuffices(t *testing.T) {
	worker := model.Service{Name: "worker-green", Key: "worker-{colour}"}
	disabled, published := worker, worker
	disabled.ProbeDisabled, published.ProbeDisabled = true, true
	published.HostPorts = []string{"8081/tcp"}
	for name, test := range map[string]struct {
		service  model.Service
		settings Settings
		reached  []string
		want     bool
	}{
		"nothing said":              {worker, Settings{}, nil, false},
		"all":                       {worker, Settings{RunningSuffices: true}, nil, true},
		"by its name":               {worker, Settings{RunningServices: []string{"worker-green"}}, nil, true},
		"by its key":                {worker, Settings{RunningServices: []string{"worker-{colour}"}}, nil, true},
		"without the colour":        {worker, Settings{RunningServices: []string{"worker"}}, nil, true},
		"another one":               {worker, Settings{RunningServices: []string{"web"}}, nil, false},
		"disabled":                  {disabled, Settings{}, []string{"web-green"}, true},
		"disabled, behind nginx":    {disabled, Settings{}, []string{"worker-green"}, false},
		"disabled, a host's port":   {published, Settings{}, nil, false},
		"behind nginx, user's word": {disabled, Settings{RunningServices: []string{"worker"}}, []string{"worker-green"}, true},
	} {
		if got := test.settings.runningSuffices(test.service, test.reached); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestExpected(t *testing.T) {
	m := model.Model{Services: []model.Service{
		{Name: "migrate", Replicas: 1, OneShot: true},
		{Name: "web", Replicas: 3, Probe: &gate.Probe{Retries: 5}, After: []gate.Dependency{{Service: "migrate", Condition: gate.Completed}}},
	}}
	got := expected(m, []model.Image{{Service: "web", Probe: &gate.Probe{Interval: time.Second}}}, func(model.Service) bool { return true })
	if len(got) != 2 || !got[0].OneShot || got[0].Probe != nil || !got[0].RunningSuffices || got[1].Replicas != 3 || got[1].Probe.Interval != time.Second ||
		got[1].Probe.Retries != 5 || !slices.Equal(got[1].After, m.Services[1].After) {
		t.Errorf("%+v", got)
	}
}
