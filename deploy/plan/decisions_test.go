package plan

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"bluegate/deploy/model"
)

func point(colour model.Colour) model.SwitchPoint {
	return model.SwitchPoint{Place: "site.conf:3", Directive: "server", Address: "was-" + string(colour) + ":8080", Endpoint: model.Endpoint{Colour: colour, Service: "was-" + string(colour), Host: "was-" + string(colour), Port: 8080}}
}

// TestNotPassed: what becomes of a release that did not pass, by what nginx's configuration says since.
func TestNotPassed(t *testing.T) {
	unclear := errors.New("two colours")
	p := Plan{From: model.Blue, Release: model.Release{To: model.Green}, Workers: []string{"7", "8"}, Named: []string{"site.conf:9 (location /green)"}}
	for name, test := range map[string]struct {
		route     model.Route
		pointedAt string // part of the error; empty: nobody pointed nginx at it
		served    bool   // it may be
	}{
		"as it was":                            {route: model.Route{Names: model.Blue, Points: []model.SwitchPoint{point(model.Blue)}}},
		"a switch point names it":              {route: model.Route{Names: model.Green, Points: []model.SwitchPoint{point(model.Green)}}, pointedAt: "site.conf:3"},
		"a new place names it":                 {route: model.Route{Names: model.Blue, Mentions: []model.Mention{{Colour: model.Green, Place: "site.conf:12", Directive: "proxy_pass"}}}, pointedAt: "site.conf:12"},
		"a place named it before":              {route: model.Route{Names: model.Blue, Mentions: []model.Mention{{Colour: model.Green, Place: "site.conf:9", Directive: "location", Text: "/green"}}}},
		"a whole file is its own":              {route: model.Route{Names: model.Green}, pointedAt: "as a whole"},
		"it cannot be told, and was loaded":    {route: model.Route{Refusal: unclear, Workers: []string{"9"}}, served: true},
		"it cannot be told, and was not":       {route: model.Route{Refusal: unclear, Workers: []string{"8", "7"}}},
		"it is refused, and its places tell":   {route: model.Route{Names: model.Blue, Refusal: unclear, Workers: []string{"9"}, Points: []model.SwitchPoint{point(model.Blue)}}},
		"it cannot be told, and nothing loads": {route: model.Route{Refusal: unclear}, served: true},
	} {
		err := p.PointedAt(test.route)
		if (err != nil) != (test.pointedAt != "") || err != nil && !strings.Contains(err.Error(), test.pointedAt) {
			t.Errorf("%s: %v", name, err)
		}
		if err := p.MayBeServed(test.route); (err != nil) != test.served || err != nil && !errors.Is(err, unclear) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestStillIdle(t *testing.T) {
	before := Observation{Route: model.Route{State: model.RouterRunning, Names: model.Blue}}
	for name, test := range map[string]struct {
		now  model.Route
		code model.Code
	}{
		"as it was":     {model.Route{State: model.RouterRunning, Names: model.Blue}, ""},
		"switched":      {model.Route{State: model.RouterRunning, Names: model.Green}, model.ConfigNotLoaded},
		"nginx stopped": {model.Route{State: model.RouterStopped, Names: model.Blue}, model.LiveUnknown},
		"a place leads": {model.Route{State: model.RouterRunning, Names: model.Blue, Mentions: []model.Mention{{Colour: model.Green}}}, model.AddressLeftOver},
	} {
		var code model.Code
		for _, r := range model.ReasonsOf(before.StillIdle(test.now, model.Green)) {
			code = r.Code
		}
		if code != test.code {
			t.Errorf("%s: %q", name, code)
		}
	}
}

func TestToStop(t *testing.T) {
	runs := model.Container{Name: "runs", Colour: model.Blue, Running: true, RestartPol: "always"}
	ended := model.Container{Name: "ended", Colour: model.Blue, RestartPol: "no"}
	crashed := model.Container{Name: "crashed", Colour: model.Blue, RestartPol: "always"} // it would come back with the engine
	other := model.Container{Name: "other", Colour: model.Green, Running: true}
	o := Observation{Containers: []model.Container{runs, ended, crashed, other}}
	for keep, want := range map[model.Keep]string{model.KeepStopped: "runs crashed", model.KeepRemoved: "runs ended crashed"} {
		var names []string
		for _, c := range (Plan{From: model.Blue, Keep: keep}).ToStop(o) {
			names = append(names, c.Name)
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%s: %s", keep, got)
		}
	}
}

func TestSlowStops(t *testing.T) {
	m := model.Model{Colour: model.Blue, Services: []model.Service{{Name: "was-blue", StopGrace: 30 * time.Second}, {Name: "mail-blue"}, {Name: "slack-blue", StopSlack: 5 * time.Second}}}
	o := Observation{Application: model.Application{Models: map[model.Colour]model.Model{model.Blue: m}}}
	stopped := []model.Container{{Name: "was", Service: "was-blue", Colour: model.Blue}, {Name: "mail", Service: "mail-blue", Colour: model.Blue}, {Name: "slack", Service: "slack-blue", Colour: model.Blue}}
	for took, want := range map[time.Duration][]string{
		9 * time.Second: nil, 10 * time.Second: {"mail"}, 15 * time.Second: {"mail", "slack"}, 30 * time.Second: {"was", "mail", "slack"},
	} {
		var names []string
		for _, f := range o.SlowStops(stopped, took) {
			for _, c := range stopped {
				if strings.Contains(f.Message, "; "+c.Name+" may ignore") {
					names = append(names, c.Name)
				}
			}
		}
		if !slices.Equal(names, want) {
			t.Errorf("%s: %v", took, names)
		}
	}
}

// TestRemoved: each kind of release that did not pass is told apart, and no text says that users noticed.
func TestRemoved(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	waits := func(until time.Time) *model.Preview { return &model.Preview{Until: until} }
	for want, e := range map[string]*model.Entry{
		"waited to be promoted until 2026-11-20T11:00:00Z":    {Phase: model.PhaseWaiting, Preview: waits(now.Add(-time.Hour))},
		"which waited to be promoted, was removed":            {Phase: model.PhaseWaiting, Preview: waits(now.Add(time.Hour))},
		"had not passed when its deployment ended":            {Phase: model.PhaseSwitching, Preview: waits(now.Add(-time.Hour))}, // it was being promoted
		"the drill r1 of green had not ended":                 {Phase: model.PhaseSwitching, Drill: true},
		"the rollback to release r1 of green had not passed":  {Phase: model.PhaseStarting, Back: &model.ReleaseRecord{}},
		"release r1 of green had not passed when its deploym": {Phase: model.PhasePulling},
	} {
		e.Release, e.From, e.To = "r1", model.Blue, model.Green
		if got := Removed(e, now); !strings.Contains(got, want) || !strings.Contains(got, "blue") {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
