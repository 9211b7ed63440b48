package load

import (
	"slices"
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
		"a port":                    {file: one("was-blue", "shop:1\n    expose: [\"${BG_PORT:?}\"]") + one("was-green", "shop:1")},
		"a published port":          {file: one("was-blue", "shop:1\n    ports: [\"${BG_PORT:?}:3000\"]") + one("was-green", "shop:1")},
		"the name of a container":   {file: one("was-blue", "shop:1\n    container_name: app-${BG_VERSION:?}") + one("was-green", "shop:1")},
		"the name of a network":     {file: one("was-blue", "shop:1\n    networks: [web]") + one("was-green", "shop:1") + "networks: {web: {name: \"web-${BG_VERSION:?}\"}}\n"},
		"an address":                {file: one("was-blue", "shop:${BG_VERSION:?}\n    networks: {web: {ipv4_address: \"${BG_IP:?}\"}}") + one("was-green", "shop:1") + "networks: {web: {}}\n"},
		"a count":                   {file: one("was-blue", "shop:1\n    deploy: {replicas: \"${BG_COUNT:?}\"}") + one("was-green", "shop:1")},
		"something else is wrong":   {file: one("was-blue", "shop:${BG_VERSION:?}") + one("was-green", "shop:1\n    imagee: x"), want: "BG_VERSION"},
		"the name of the project":   {file: one("was-blue", "shop:1") + one("was-green", "shop:1") + "name: shop-${BG_VERSION:?}\n", want: "BG_VERSION"},
		"a time":                    {file: one("was-blue", "shop:${BG_VERSION:?}\n    healthcheck: {test: [CMD, a], interval: \"${BG_SPAN:?}\"}") + one("was-green", "shop:1")},
		"no value of the kind fits": {file: one("was-blue", "shop:1\n    privileged: \"${BG_SWITCH:?}\"") + one("was-green", "shop:1"), want: "BG_SWITCH"},
		"no volume":                 {file: one("was-blue", "shop:1\n    volumes: [\"${BG_DATA:?}:/data\"]") + one("was-green", "shop:1") + "volumes: {\"11111\": {}, \"22222\": {}}\n"},
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

// TestUnsetIsLeftOut: what depends on a variable that is not set is not in the model, and the rest is as it stands.
func TestUnsetIsLeftOut(t *testing.T) {
	file := `services:
  was-blue:
    image: shop:${BG_VERSION:?}
    container_name: app-${BG_VERSION:?}
    expose: ["${BG_PORT:?}"]
    networks: {web: {aliases: [fixed, "v${BG_VERSION:?}"]}}
  was-green: {image: "shop:1", expose: ["3000"], networks: [web]}
networks: {web: {name: shop-web}}
`
	dir := project.Folder(t, map[string]string{"compose.yml": file})
	app, err := load(t, Options{Dir: dir, OnlyWhatRuns: true})
	if err != nil {
		t.Fatal(err)
	}
	blue, green := app.Models[model.Blue].Services[0], app.Models[model.Green].Services[0]
	if want := []string{"was-blue", "fixed"}; !blue.Unset || !slices.Equal(blue.Hosts, want) || blue.ContainerName != "" || len(blue.Ports) != 0 || !slices.Equal(blue.Networks, []string{"shop-web"}) {
		t.Errorf("blue: %+v", blue)
	}
	if green.Unset || !slices.Equal(green.Ports, []int{3000}) {
		t.Errorf("green: %+v", green)
	}
}

// TestUnsetProject: the name of a project is left out where the application has a name of its own.
func TestUnsetProject(t *testing.T) {
	dir := project.Folder(t, map[string]string{"compose.yml": "name: shop-${BG_VERSION:?}\nservices:\n  was-blue: {image: \"shop:1\"}\n  was-green: {image: \"shop:1\"}\n"})
	app, err := load(t, Options{Dir: dir, Name: "shop", OnlyWhatRuns: true})
	if m := app.Models[model.Blue]; err != nil || app.Project != "shop" || m.ComposeProject != "" || !m.Services[0].Unset {
		t.Errorf("%+v, %v", app, err)
	}
	if _, err = load(t, Options{Dir: dir, OnlyWhatRuns: true}); err == nil || !strings.Contains(err.Error(), "project: NAME") {
		t.Errorf("without a name: %v", err)
	}
}
