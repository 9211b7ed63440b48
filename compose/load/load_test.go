package load

import (
	"errors"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bluegate/testdata/project"

	"github.com/docker/cli/cli/command"
	"github.com/docker/cli/cli/flags"
	"github.com/docker/compose/v5/pkg/compose"
	"github.com/sirupsen/logrus"

	"bluegate/deploy/model"
)

// library is Compose's own loader. No engine is asked.
func library(t *testing.T) ProjectLoader {
	t.Helper()
	logrus.SetOutput(io.Discard) // as connect.CLI does
	cli, err := command.NewDockerCli(command.WithCombinedStreams(io.Discard))
	if err != nil {
		t.Fatal(err)
	}
	opts := flags.NewClientOptions()
	opts.Hosts = []string{"unix://" + t.TempDir() + "/nobody.sock"}
	if err := cli.Initialize(opts); err != nil {
		t.Fatal(err)
	}
	service, err := compose.NewComposeService(cli)
	if err != nil {
		t.Fatal(err)
	}
	return service
}

func load(t *testing.T, o Options) (model.Application, error) {
	t.Helper()
	loaded, err := Loader{o, library(t)}.Load(t.Context())
	return loaded.Application, err
}

// loaded fails the test unless the files are good.
func loaded(t *testing.T, o Options) model.Application {
	t.Helper()
	app, err := load(t, o)
	if err != nil {
		t.Fatal(err)
	}
	return app
}

func keysOf(m model.Model) (keys []string) {
	for _, s := range m.Services {
		keys = append(keys, s.Name)
	}
	return keys
}

func serviceNames(m model.Model) string { return strings.Join(keysOf(m), " ") }

const (
	blueFile  = "services:\n  was-blue:\n    image: shop:v1\n    expose: [3000]\n"
	greenFile = "services:\n  was-green:\n    image: shop:v1\n    expose: [3000]\n"
	bothFile  = "services:\n  db:\n    image: db:1\n  was-blue:\n    image: shop:v1\n    depends_on: [db]\n  nginx:\n    image: nginx:1\n    ports: [\"80:80\"]\n  was-green:\n    image: shop:v1\n    depends_on: [db]\n"
)

func TestConventions(t *testing.T) {
	for _, pattern := range []string{
		"compose.{colour}-deploy.yml", "compose.{colour}-deploy.yaml", "compose.{colour}.yml", "compose.{colour}.yaml",
		"docker-compose.{colour}-deploy.yml", "docker-compose.{colour}-deploy.yaml", "docker-compose.{colour}.yml", "docker-compose.{colour}.yaml",
	} {
		dir := project.Folder(t, map[string]string{Options{}.expand(pattern, model.Blue): blueFile, Options{}.expand(pattern, model.Green): greenFile, "compose.yml": bothFile})
		app := loaded(t, Options{Dir: dir})
		for colour, want := range map[model.Colour]string{model.Blue: "was-blue", model.Green: "was-green"} {
			m := app.Models[colour]
			if serviceNames(m) != want || m.Colour != colour || m.ComposeProject != "shop" || !slices.Equal(m.Files, []string{filepath.Join(dir, Options{}.expand(pattern, colour))}) {
				t.Errorf("%s, %s: %s of project %s in %v", pattern, colour, serviceNames(m), m.ComposeProject, m.Files)
			}
		}
		if app.Project != "shop" {
			t.Errorf("%s: the application is called %q", pattern, app.Project)
		}
	}
	for _, name := range []string{"compose.yml", "compose.yaml", "docker-compose.yml", "docker-compose.yaml"} {
		app := loaded(t, Options{Dir: project.Folder(t, map[string]string{name: bothFile})})
		if blue, green := serviceNames(app.Models[model.Blue]), serviceNames(app.Models[model.Green]); blue != "was-blue" || green != "was-green" {
			t.Errorf("%s: blue is %q, green is %q", name, blue, green)
		}
	}
}

// `docker compose` merges compose.override.yml over a file that it finds by itself.
func TestConventionWithOverride(t *testing.T) {
	app := loaded(t, Options{Dir: project.Folder(t, map[string]string{
		"compose.yml": bothFile, "compose.override.yml": "services:\n  was-blue:\n    image: shop:overridden\n",
	})})
	if s, _ := app.Models[model.Blue].Service("was-blue"); s.Image != "shop:overridden" {
		t.Errorf("the image is %s", s.Image)
	}
}

func TestFilesThatAreMissing(t *testing.T) {
	for name, o := range map[string]Options{
		"none":           {Dir: project.Folder(t, map[string]string{"README": ""})},
		"of one colour":  {Dir: project.Folder(t, map[string]string{"compose.blue-deploy.yml": blueFile})},
		"a folder":       {Dir: project.Folder(t, map[string]string{"compose.blue.yml/x": "", "compose.green.yml/x": ""})},
		"configured":     {Dir: project.Folder(t, map[string]string{"blue.yml": blueFile}), Files: []string{"{colour}.yml"}},
		"empty":          {Dir: project.Folder(t, map[string]string{"compose.blue.yml": "", "compose.green.yml": ""})},
		"no such folder": {Dir: "/no/such/folder"},
	} {
		_, err := load(t, o)
		var invalid *model.InvalidError
		if !errors.As(err, &invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := load(t, Options{Dir: project.Folder(t, map[string]string{"README": ""})})
	if err == nil || !strings.Contains(err.Error(), "compose.{colour}-deploy.yml") || !strings.Contains(err.Error(), "compose.files") {
		t.Errorf("what was looked for, and the remedy: %v", err)
	}
}

func TestOptions(t *testing.T) {
	dir := project.Folder(t, map[string]string{
		"base.yml": "services:\n  web:\n    image: web:${TAG}\n  seed:\n    image: seed:1\n  db:\n    image: db:1\n", "ops/blue.yml": "services:\n  web:\n    ports: [\"8081:80\"]\n",
		"ops/green.yml": "services:\n  web:\n    ports: [\"8082:80\"]\n",
	})
	env := map[model.Colour]map[string]string{model.Blue: {"TAG": "v1"}, model.Green: {"TAG": "v2"}}
	app := loaded(t, Options{
		Dir: dir, Files: []string{"base.yml", filepath.Join(dir, "ops/{colour}.yml")}, Project: "web-{colour}", Services: []string{"web", "seed"}, OneShot: []string{"seed"}, Env: env,
	})
	if app.Project != "web" {
		t.Errorf("the application is called %q", app.Project)
	}
	for colour, want := range map[model.Colour]struct{ project, image, port string }{
		model.Blue: {"web-blue", "web:v1", "8081/tcp"}, model.Green: {"web-green", "web:v2", "8082/tcp"},
	} {
		m := app.Models[colour]
		web, _ := m.Service("web")
		seed, _ := m.Service("seed")
		if m.ComposeProject != want.project || serviceNames(m) != "seed web" || web.Image != want.image || !slices.Equal(web.HostPorts, []string{want.port}) || web.Key != "web" {
			t.Errorf("%s: %+v", colour, m)
		}
		if !seed.OneShot || web.OneShot {
			t.Errorf("%s: one-shots: seed %t, web %t", colour, seed.OneShot, web.OneShot)
		}
		if !slices.Contains(web.Hosts, want.project+"-web-1") {
			t.Errorf("%s: hosts %v", colour, web.Hosts)
		}
	}
	if len(app.Findings) > 0 {
		t.Errorf("where the services are named there is nothing to tell: %v", app.Findings)
	}
	if app = loaded(t, Options{Dir: dir, Files: []string{"base.yml", "ops/{colour}.yml"}, Project: "web-{colour}", Name: "mine", Env: env}); app.Project != "mine" || serviceNames(app.Models[model.Blue]) != "web" {
		t.Errorf("%q with %s: the services of which the colour's own file speaks are its own", app.Project, serviceNames(app.Models[model.Blue]))
	}
	for i, f := range app.Findings { // of each colour, and both say the same
		if i > 1 || f.Code != "common-service" || !strings.Contains(f.Message, "db, seed: defined only in") || f.Place != filepath.Join(dir, "base.yml")+":6" || !strings.Contains(f.Remedy, "services: [db, seed, web]") {
			t.Errorf("%+v", f)
		}
	}
	if len(app.Findings) == 0 {
		t.Error("the services that are only in the common file are not reported")
	}
	_, err := load(t, Options{Dir: dir, Files: []string{"base.yml"}, Project: "web-{colour}", Services: []string{"web-{colour}"}, Env: env})
	var invalid *model.InvalidError
	if !errors.As(err, &invalid) || !strings.Contains(err.Error(), `"web-blue"`) || !strings.Contains(err.Error(), "base.yml") || !strings.Contains(err.Error(), "db, seed, web") {
		t.Errorf("a service that is not there: %v", err)
	}
}

func TestApplicationName(t *testing.T) {
	for composeProject, want := range map[string]string{
		"shop": "shop", "shop-{colour}": "shop", "{colour}-shop": "shop", "my_{colour}_shop": "my__shop",
	} {
		app := loaded(t, Options{Dir: project.Folder(t, map[string]string{"blue.yml": blueFile, "green.yml": greenFile}), Files: []string{"{colour}.yml"}, Project: composeProject})
		if app.Project != want {
			t.Errorf("project %q: the application is called %q, want %q", composeProject, app.Project, want)
		}
	}
	for _, composeProject := range []string{"{colour}", "{colour}-green"} {
		o := Options{Dir: project.Folder(t, map[string]string{"blue.yml": blueFile, "green.yml": greenFile}), Files: []string{"{colour}.yml"}, Project: composeProject}
		_, err := load(t, o)
		if invalid := new(model.InvalidError); !errors.As(err, &invalid) || !strings.Contains(err.Error(), "project: shop") {
			t.Errorf("project %q, which is only a colour: %v", composeProject, err)
		}
		o.Name = "blue"
		if app := loaded(t, o); app.Project != "blue" {
			t.Errorf("a name that was given: %q", app.Project)
		}
	}
}

// Compose's form of a project's name is safe as a part of another name.
func TestProjectNamesInFiles(t *testing.T) {
	for name, want := range map[string]string{"../x": "x", "-rf": "rf", "$$(id)": "id", "A B": "ab", "shop.blue": "shopblue"} {
		head := "name: '" + name + "'\n"
		if app := loaded(t, Options{Dir: project.Folder(t, map[string]string{"compose.blue.yml": head + blueFile, "compose.green.yml": head + greenFile})}); app.Project != want {
			t.Errorf("%q became %q, want %q", name, app.Project, want)
		}
	}
	for _, name := range []string{"../x", "-rf", "$(id)", "A B", "shop.blue"} {
		_, err := load(t, Options{Project: name, Dir: project.Folder(t, map[string]string{"compose.blue.yml": blueFile, "compose.green.yml": greenFile})})
		var invalid *model.InvalidError
		if !errors.As(err, &invalid) || !strings.Contains(err.Error(), "invalid project name") {
			t.Errorf("compose.project %q: %v", name, err)
		}
	}
}

// In half of the setups both colours share a file with a database and nginx, and sometimes the idle one has a profile.
func TestServicesOfAColour(t *testing.T) {
	for name, test := range map[string]struct{ file, blue, green string }{
		"one file":                   {bothFile, "was-blue", "was-green"},
		"a profile per colour":       {strings.ReplaceAll(strings.ReplaceAll(bothFile, "image: shop:v1\n    depends_on", "image: shop:v1\n    profiles: [COLOUR]\n    depends_on"), "COLOUR", "x"), "was-blue", "was-green"},
		"green has a profile":        {"services:\n  db:\n    image: db:1\n  was-blue:\n    image: s:1\n  was-green:\n    image: s:1\n    profiles: [green]\n  debug-green:\n    image: s:1\n    profiles: [debug]\n", "was-blue", "was-green"},
		"the idle one has a profile": {"services:\n  db:\n    image: db:1\n  was-blue:\n    image: s:1\n  was-green:\n    image: s:1\n    profiles: [idle]\n  tool:\n    image: s:1\n    profiles: [idle, tools]\n", "was-blue", "was-green"},
		"words, not letters":         {"services:\n  app_blue:\n    image: s:1\n  app.green:\n    image: s:1\n  evergreen:\n    image: s:1\n  blueprint:\n    image: s:1\n", "app_blue", "app.green"},
		"several":                    {"services:\n  was-blue:\n    image: s:1\n    depends_on: [signal-blue]\n  signal-blue:\n    image: s:1\n  was-green:\n    image: s:1\n    depends_on: [signal-green]\n  signal-green:\n    image: s:1\n", "signal-blue was-blue", "signal-green was-green"},
	} {
		app, err := load(t, Options{Dir: project.Folder(t, map[string]string{"compose.yml": test.file})})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if blue, green := serviceNames(app.Models[model.Blue]), serviceNames(app.Models[model.Green]); blue != test.blue || green != test.green {
			t.Errorf("%s: blue is %q, green is %q; want %q, %q", name, blue, green, test.blue, test.green)
		}
	}
}

// If a colour has no services of its own, the others are the database and nginx. Deploying those would replace them.
func TestFileOfOneColourOnly(t *testing.T) {
	for _, file := range []string{
		"services:\n  db:\n    image: db:1\n  nginx:\n    image: nginx:1\n  was-blue:\n    image: s:1\n",
		"services:\n  db:\n    image: db:1\n  nginx:\n    image: nginx:1\n  was-blue:\n    image: s:1\n  was-grene:\n    image: s:1\n",
	} {
		app, err := load(t, Options{Dir: project.Folder(t, map[string]string{"compose.yml": file})})
		var invalid *model.InvalidError
		if !errors.As(err, &invalid) || !strings.Contains(err.Error(), "green") || !strings.Contains(err.Error(), "compose.yml") {
			t.Errorf("green is %q, %v", serviceNames(app.Models[model.Green]), err)
		}
	}
}

func TestInterpolation(t *testing.T) {
	files := map[string]string{
		"compose.blue.yml": "services:\n  was-blue:\n    image: ${REPO:-shop}:${TAG:-none}\n", "compose.green.yml": "services:\n  was-green:\n    image: ${REPO:-shop}:${TAG:-none}\n",
	}
	image := func(o Options) string {
		t.Helper()
		s, _ := loaded(t, o).Models[model.Blue].Service("was-blue")
		return s.Image
	}
	if got := image(Options{Dir: project.Folder(t, files)}); got != "shop:none" {
		t.Errorf("without anything: %s", got)
	}
	files[".env"] = "TAG=from-dotenv\nREPO=registry.example/shop\n"
	if got := image(Options{Dir: project.Folder(t, files)}); got != "registry.example/shop:from-dotenv" {
		t.Errorf("with .env: %s", got)
	}
	t.Setenv("TAG", "from-environment")
	if got := image(Options{Dir: project.Folder(t, files)}); got != "registry.example/shop:from-environment" {
		t.Errorf("the environment goes before .env: %s", got)
	}
	own := map[model.Colour]map[string]string{model.Blue: {"TAG": "of-the-colour"}}
	if got := image(Options{Dir: project.Folder(t, files), Env: own}); got != "registry.example/shop:of-the-colour" {
		t.Errorf("a colour's own value is the most specific one: %s", got)
	}
	t.Setenv("COMPOSE_PROJECT_NAME", "from-environment")
	if app := loaded(t, Options{Dir: project.Folder(t, files)}); app.Project != "from-environment" {
		t.Errorf("the project is %q", app.Project)
	}
	if app := loaded(t, Options{Dir: project.Folder(t, files), Project: "configured"}); app.Project != "configured" {
		t.Errorf("the project is %q", app.Project)
	}
}

func TestWhatComposeRejects(t *testing.T) {
	for name, test := range map[string]struct{ file, want string }{
		"indentation":   {"services:\n  was-blue:\n    image: a\n   ports: []\n", "compose.blue.yml"},
		"unknown key":   {"services:\n  was-blue:\n    imagee: a\n", "services.was-blue"},
		"type":          {"services:\n  was-blue:\n    image: a\n    ports: no\n", "services.was-blue.ports must be a array"},
		"duration":      {"services:\n  was-blue:\n    image: a\n    healthcheck: {test: [CMD, x], interval: 5}\n", "healthcheck.interval must be a string"},
		"condition":     {"services:\n  was-blue:\n    image: a\n    depends_on: {db: {condition: healthy}}\n  db:\n    image: a\n", "service_healthy"},
		"twice":         {"services:\n  was-blue:\n    image: a\n    image: b\n", "already defined"},
		"no dependency": {"services:\n  was-blue:\n    image: a\n    depends_on: [db]\n", "undefined service"},
		"required":      {"services:\n  was-blue:\n    image: a:${NOPE:?set NOPE}\n", "set NOPE"},
		"port":          {"services:\n  was-blue:\n    image: a\n    ports: [\"80:80:80:80\"]\n", "compose.blue.yml"},
		"cycle":         {"services:\n  was-blue:\n    image: a\n    depends_on: [b-blue]\n  b-blue:\n    image: a\n    depends_on: [was-blue]\n", "cycle"},
		"tab":           {"services:\n\twas-blue: {image: a}\n", "compose.blue.yml"},
		"env_file":      {"services:\n  was-blue:\n    image: a\n    env_file: missing.env\n", "missing.env"},
		"network":       {"services:\n  was-blue:\n    image: a\n    networks: [nowhere]\n", "nowhere"},
		"no image":      {"services:\n  was-blue: {}\n", "neither an image nor a build context"},
	} {
		_, err := load(t, Options{Dir: project.Folder(t, map[string]string{"compose.blue.yml": test.file, "compose.green.yml": greenFile})})
		var invalid *model.InvalidError
		if !errors.As(err, &invalid) || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "compose.blue.yml") {
			t.Errorf("%s: %v; want %q", name, err, test.want)
		}
	}
}
