package deploy

import (
	"strings"
	"testing"

	"bluegate/deploy/check"
	"bluegate/deploy/model"
	"bluegate/deploy/report"
)

// A look says what is live and which checks can be asked, and changes nothing.
func TestLook(t *testing.T) {
	request := func(target string) check.Check {
		c, err := check.Check{Request: check.Request{Kind: check.TCP, Target: target}}.Complete()
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	story(t, "blue is live", func(t *testing.T, w *fakeEngine) {
		p := w.process()
		p.settings.Checks = map[model.Colour][]check.Check{model.Blue: {request("was-blue:8080")}, model.Green: {request("was-green:8080")}}
		d := p.deployer()
		seen, err := d.Look(t.Context(), []check.Check{request("db:5432")})
		if err != nil || seen.State != report.StateLive || seen.Live.Colour != model.Blue || len(seen.Questions) != 2 {
			t.Fatalf("%s, live %q, %d questions, %v", seen.State, seen.Live.Colour, len(seen.Questions), err)
		}
		if one, more := seen.Questions[0], seen.Questions[1]; one.Index != 0 || one.Target != "was-blue:8080" || one.From != check.Nginx || more.Index != 1 || more.Target != "db:5432" {
			t.Errorf("%+v %+v", one, more)
		}
		w.stopAll()
		if seen, err = d.Again(t.Context(), seen); err != nil || seen.State != report.StateDown {
			t.Errorf("after everything was stopped: %s, %v", seen.State, err)
		}
		if err := d.Close(t.Context()); err != nil {
			t.Error(err)
		}
		done(t, w, "")
	})
	story(t, "nothing is live", func(t *testing.T, w *fakeEngine) {
		w.nginx.disk, w.nginx.loaded = "x", "x"
		if seen, err := w.process().deployer().Look(t.Context(), []check.Check{request("db:5432")}); err != nil || seen.State != report.StateUnknown || len(seen.Questions) != 0 {
			t.Errorf("%s, %d questions, %v", seen.State, len(seen.Questions), err)
		}
	})
}

// A rollback that was decided about one release leaves no other one.
func TestRollbackFromAnotherRelease(t *testing.T) {
	story(t, "another one is live", func(t *testing.T, w *fakeEngine) {
		w.deployed(model.KeepStopped)
		p := w.process()
		p.settings.Leaving = "20260101T000000-0000"
		r := p.rollback()
		ends(t, r, model.Malformed, 2, model.None)
		if !strings.Contains(r.Message, "release 20260101T000000-0000 is not live any more") {
			t.Error(r.Message)
		}
		if w.nginx.loaded != confOf(model.Green) {
			t.Error("nginx was switched")
		}
	})
	story(t, "it is live", func(t *testing.T, w *fakeEngine) {
		w.deployed(model.KeepStopped)
		p := w.process()
		j, err := p.Read(t.Context(), "shop")
		if err != nil {
			t.Fatal(err)
		}
		p.settings.Leaving = j.Releases[0].Release
		ends(t, p.rollback(), model.Promoted, 0, model.Blue)
	})
}

// nginx is reloaded with the files that it has, under its lock and not under the project's.
func TestRefresh(t *testing.T) {
	story(t, "it runs", func(t *testing.T, w *fakeEngine) {
		before := w.nginx.generation
		if err := w.process().deployer().Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		if w.nginx.generation != before+1 || w.nginx.loaded != confOf(model.Blue) {
			t.Errorf("%d reloads; nginx runs %q", w.nginx.generation-before, w.nginx.loaded)
		}
		for _, line := range w.lines {
			if line == "lock shop" || strings.HasPrefix(line, "write") {
				t.Errorf("it did %q", line)
			}
		}
	})
	story(t, "it is not known what is live", func(t *testing.T, w *fakeEngine) {
		w.nginx.state = model.RouterStopped
		if err := w.process().deployer().Refresh(t.Context()); !model.Is[*model.UnreachableError](err) {
			t.Errorf("%v", err)
		}
	})
}
