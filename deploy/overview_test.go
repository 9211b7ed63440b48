package deploy

import (
	"maps"
	"slices"
	"testing"
	"time"

	"bluegate/deploy/model"
)

// TestOverview: the progress is told what is ahead, which version goes where, and at the end that users are on it.
func TestOverview(t *testing.T) {
	story(t, "a deployment", func(t *testing.T, w *fakeEngine) {
		for i, image := range []string{"registry.example/shop/app:v5", "registry.example/shop/worker:v5"} {
			s := &w.app.Models[model.Green].Services[i]
			w.tags[image], w.registry[image] = w.tags[s.Image], w.registry[s.Image]
			s.Image = image
		}
		p := w.process()
		r := p.deploy()
		ends(t, r, model.Promoted, 0, model.Green)
		o := p.about
		if o.Command != "deploy" || o.Looks || o.Project != "shop" || o.Live != model.Green || o.From != model.Blue || o.To != model.Green || o.Nginx == "" || o.Services != 2 || o.Stable != w.stable || o.Bake != 0 {
			t.Errorf("%+v", o)
		}
		if want := []string{"pull", "up", "switch", "drain", "retire"}; !slices.Equal(o.Ahead, want) {
			t.Errorf("ahead %q, want %q", o.Ahead, want)
		}
		if o.Versions[model.Green] != "v5" || o.Versions[model.Blue] == "" || !maps.Equal(o.Versions, r.Versions) {
			t.Errorf("versions %v, in the report %v", o.Versions, r.Versions)
		}
	})
	story(t, "with checks and a bake, and the old colour keeps running", func(t *testing.T, w *fakeEngine) {
		p := w.process()
		p.settings.Bake.For, p.settings.Keep, p.settings.NoPull = 3*time.Second, model.KeepRunning, true
		ends(t, p.deploy(), model.Promoted, 0, model.Green)
		if want := []string{"up", "switch", "bake"}; !slices.Equal(p.about.Ahead, want) || p.about.Bake != 3*time.Second || p.about.Keep != model.KeepRunning {
			t.Errorf("%+v, want %q ahead", p.about, want)
		}
	})
	story(t, "a command that looks", func(t *testing.T, w *fakeEngine) {
		p := w.process()
		p.do((*Deployer).Status)
		if p.about.To != model.None || len(p.about.Ahead) > 0 || p.about.Live != model.Blue || p.about.Command != "status" || !p.about.Looks {
			t.Errorf("%+v", p.about)
		}
	})
}
