package plan

import (
	"strings"
	"testing"

	"bluegate/deploy/model"
)

func TestDrift(t *testing.T) {
	container := func(colour model.Colour, name, release string) model.Container {
		return model.Container{Colour: colour, Service: "was-" + string(colour), Name: name, ID: name, Image: "shop:v1", Digest: "sha256:1", Release: release, Running: true, State: "running"}
	}
	blue, green := container(model.Blue, "was-blue-1", "r2"), container(model.Green, "was-green-1", "r1")
	kept := []model.RetainedContainer{{Service: "was-green", Name: "was-green-1", ID: "was-green-1", Digest: "sha256:1"}}
	stopped := green
	stopped.Running, stopped.State = false, "exited"
	observed := func(change func(*Observation)) Observation {
		o := Observation{
			Live:       Live{Colour: model.Blue},
			Containers: []model.Container{blue, stopped},
			Journal: model.Journal{Version: model.JournalVersion, Releases: []model.ReleaseRecord{
				{Release: "r2", Colour: model.Blue}, {Release: "r1", Colour: model.Green, Kept: kept},
			}},
		}
		change(&o)
		return o
	}
	byHand := container(model.Blue, "was-blue-1", "")
	for name, c := range map[string]struct {
		change func(*Observation)
		keep   model.Keep
		found  string
	}{
		"as promoted":                  {func(*Observation) {}, model.KeepStopped, ""},
		"recreated by compose up":      {func(o *Observation) { o.Containers = []model.Container{byHand, stopped} }, model.KeepStopped, "not-promoted was-blue-1"},
		"of another release":           {func(o *Observation) { o.Containers[0].Release = "r0" }, model.KeepStopped, "not-promoted was-blue-1"},
		"recreated and stopped":        {func(o *Observation) { o.Containers[0] = stopped; o.Containers[0].Colour = model.Blue }, model.KeepStopped, ""},
		"the retired one runs":         {func(o *Observation) { o.Containers[1] = green }, model.KeepStopped, "retired-runs was-green-1"},
		"it is to be kept running":     {func(o *Observation) { o.Containers[1] = green }, model.KeepRunning, ""},
		"it has not retired":           {func(o *Observation) { o.Containers[1] = green; o.Journal.Releases[1].Kept = nil }, model.KeepStopped, ""},
		"both":                         {func(o *Observation) { o.Containers = []model.Container{byHand, green} }, model.KeepStopped, "not-promoted was-blue-1 retired-runs was-green-1"},
		"adopted by the last retire":   {func(o *Observation) { o.Containers[0] = byHand; o.Journal.Releases[0].Adopted = true }, model.KeepStopped, ""},
		"a deployment is under way":    {func(o *Observation) { o.Containers[1] = green; o.Journal.Current = &model.Entry{} }, model.KeepStopped, ""},
		"someone holds the lock":       {func(o *Observation) { o.Containers[1] = green; o.Holder = &model.Holder{} }, model.KeepStopped, ""},
		"it is not known what is live": {func(o *Observation) { o.Containers[1] = green; o.Live.Colour = model.None }, model.KeepStopped, ""},
		"switched by hand":             {func(o *Observation) { o.Containers = []model.Container{blue, green}; o.Live.Colour = model.Green }, model.KeepStopped, ""},
		"nothing was promoted yet":     {func(o *Observation) { o.Containers[0] = byHand; o.Journal.Releases = nil }, model.KeepStopped, ""},
	} {
		var got []string
		for _, f := range observed(c.change).Drift(c.keep) {
			got = append(got, f.Code+" "+f.Place)
		}
		if strings.Join(got, " ") != c.found {
			t.Errorf("%s: %q, want %q", name, got, c.found)
		}
	}
}
