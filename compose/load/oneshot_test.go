package load

import (
	"strings"
	"testing"

	"bluegate/testdata/project"

	"bluegate/deploy/model"
)

func TestOneShotsOfARelease(t *testing.T) {
	const waits = "    depends_on: {migrate: {condition: service_completed_successfully}, db: {condition: service_healthy}}\n"
	one := "services:\n  app-blue:\n    image: a\n" + waits + "  app-green:\n    image: a\n" + waits +
		"  migrate: {image: a, depends_on: {seed: {condition: service_completed_successfully}}}\n  seed: {image: a}\n  db: {image: db}\n  init: {image: a}\n  later: {image: a, depends_on: {init: {condition: service_completed_successfully}}}\n"
	for name, test := range map[string]struct {
		o      Options
		files  map[string]string
		want   string
		shared bool
	}{
		"one file":            {Options{}, map[string]string{"compose.yml": one}, "app-blue migrate", true},
		"configured":          {Options{OneShot: []string{"init"}}, map[string]string{"compose.yml": one}, "app-blue init migrate", true},
		"a project for each":  {Options{Project: "shop-{colour}", Services: []string{"app-{colour}"}}, map[string]string{"compose.yml": one}, "app-blue migrate", false},
		"called after colour": {Options{}, map[string]string{"compose.yml": strings.NewReplacer("app-blue:\n    image: a\n    depends_on: {migrate", "app-blue:\n    image: a\n    depends_on: {migrate-blue").Replace(one) + "  migrate-blue: {image: a}\n"}, "app-blue migrate-blue", false},
	} {
		test.o.Dir = project.Folder(t, test.files)
		app, err := load(t, test.o)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var got []string
		for _, s := range app.Models[model.Blue].Services {
			if got = append(got, s.Name); s.OneShot && s.Shared != test.shared {
				t.Errorf("%s: %s is shared: %t", name, s.Name, s.Shared)
			}
		}
		for _, s := range strings.Fields(test.want) {
			if _, ok := app.Models[model.Blue].Service(s); !ok || len(got) != len(strings.Fields(test.want)) {
				t.Errorf("%s: %v, want %s", name, got, test.want)
				break
			}
		}
	}
}
