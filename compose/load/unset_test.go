package load

import (
	"strings"
	"testing"

	"bluegate/testdata/project"

	"bluegate/deploy/model"
)

// TestOnlyWhatRuns: a command that starts nothing does not need the version of the next release.
func TestOnlyWhatRuns(t *testing.T) {
	one := func(service, more string) string { return "  " + service + ":\n    image: " + more + "\n" }
	for name, test := range map[string]struct {
		file string
		deep bool   // also a deployment can be read
		want string // in the error of a command that starts nothing; empty: it is read
	}{
		"all is set":                {file: one("was-blue", "shop:1") + one("was-green", "shop:1"), deep: true},
		"a version":                 {file: one("was-blue", "shop:${BG_VERSION:?set it}") + one("was-green", "shop:${BG_VERSION:?set it}")},
		"two of them":               {file: one("was-blue", "${BG_NAME?}:${BG_VERSION:?}") + one("was-green", "shop:${BG_VERSION:?}")},
		"an empty version":          {file: one("was-blue", "shop:${BG_VERSION}") + one("was-green", "shop:${BG_VERSION}")},
		"of the database alone":     {file: one("was-blue", "shop:1") + one("was-green", "shop:1") + one("db", "postgres:${BG_VERSION:?}")},
		"a variable inside":         {file: one("was-blue", "shop:1\n    environment: {A: \"${BG_VERSION:?}\"}") + one("was-green", "shop:1")},
		"a port":                    {file: one("was-blue", "shop:1\n    expose: [\"${BG_PORT:?}\"]") + one("was-green", "shop:1"), want: "BG_PORT"},
		"the name of a container":   {file: one("was-blue", "shop:1\n    container_name: app-${BG_VERSION:?}") + one("was-green", "shop:1"), want: "BG_VERSION"},
		"something else is wrong":   {file: one("was-blue", "shop:${BG_VERSION:?}") + one("was-green", "shop:1\n    imagee: x"), want: "BG_VERSION"},
		"the name of the project":   {file: one("was-blue", "shop:1") + one("was-green", "shop:1") + "name: shop-${BG_VERSION:?}\n", want: "BG_VERSION"},
		"no value of the kind fits": {file: one("was-blue", "shop:1\n    healthcheck: {test: [CMD, a], interval: \"${BG_SPAN:?}\"}") + one("was-green", "shop:1"), want: "BG_SPAN"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := project.Folder(t, map[string]string{"compose.yml": "services:\n" + test.file})
			app, err := load(t, Options{Dir: dir, OnlyWhatRuns: true})
			switch {
			case test.want == "" && (err != nil || app.Project != "shop" || len(app.Models[model.Blue].Services) != 1):
				t.Errorf("%+v, %v", app, err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("got %v", err)
			}
			// Compose refuses a deployment even if the variable is not used by a service of a colour.
			if _, err := load(t, Options{Dir: dir}); (err == nil) != test.deep {
				t.Errorf("a deployment: %v", err)
			}
		})
	}
}
