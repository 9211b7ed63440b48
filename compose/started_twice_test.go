package compose

import (
	"errors"
	"strings"
	"testing"

	"bluegate/compose/load"
	"bluegate/deploy/model"
	"bluegate/testdata/project"
)

// A database that runs in the folder's own project is not started a second time in the project of a colour.
func TestDatabaseIsNotStartedTwice(t *testing.T) {
	b := newBench(t)
	dir := project.Folder(t, map[string]string{"compose.yml": "services:\n" + shopService("web") + "    depends_on: [db]\n" + shopService("db")})
	stack := func(o load.Options) (*Stack, model.Application) {
		o.Dir = dir
		s, err := New(connection(b.T, b.Engine), o)
		if err != nil {
			t.Fatal(err)
		}
		app, err := s.Load(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return s, app
	}
	s, app := stack(load.Options{Project: b.ID + "-{colour}", Services: []string{"web"}})
	if err := s.Require(t.Context(), app.Models[model.Blue]); err != nil {
		t.Errorf("no database runs yet: %v", err)
	}
	b.up(s, app, "r1") // and so blue's project has the first one
	err := s.Require(t.Context(), app.Models[model.Green])
	var refused *model.RefusedError
	if !errors.As(err, &refused) || len(refused.Reasons) != 1 || refused.Reasons[0].Code != model.CannotCoexist || refused.Reasons[0].Service != "db" ||
		!strings.Contains(err.Error(), "container "+b.ID+"-blue-db-1 of project "+b.ID+"-blue") {
		t.Errorf("got %v", err)
	}
	if err := s.Require(t.Context(), app.Models[model.Blue]); err != nil {
		t.Errorf("blue has its own: %v", err)
	}
	s, app = stack(load.Options{Project: b.ID + "-{colour}", Services: []string{"web", "db"}})
	if err := s.Require(t.Context(), app.Models[model.Green]); err != nil {
		t.Errorf("each colour is to have one: %v", err)
	}
}
