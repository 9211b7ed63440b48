package load

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"bluegate/testdata/project"

	"bluegate/deploy/model"
)

const (
	baseFile = "services:\n  app:\n    image: shop:1\n    depends_on: [db]\n  db:\n    image: postgres:16\n"
	overBlue = "services:\n  app:\n    environment: {COLOUR: blue}\n"
	overBoth = "services:\n  app:\n    environment: {COLOUR: x}\n"
)

// filesOf are the names of a colour's files, without their folder.
func filesOf(dir string, m model.Model) string {
	var names []string
	for _, f := range m.Files {
		names = append(names, strings.TrimPrefix(f, dir+string(filepath.Separator)))
	}
	return strings.Join(names, " ")
}

// An incomplete file of a colour is merged over the common one, and contains the colour's own services.
func TestFilesThatLieOverACommonOne(t *testing.T) {
	dir := project.Folder(t, map[string]string{"docker-compose.yml": baseFile, "docker-compose.blue.yml": overBlue, "docker-compose.green.yml": overBoth})
	app := loaded(t, Options{Dir: dir, Project: "shop-{colour}"})
	for _, colour := range model.Colours {
		m := app.Models[colour]
		if got, want := filesOf(dir, m), "docker-compose.yml docker-compose."+string(colour)+".yml"; got != want || serviceNames(m) != "app" || m.ComposeProject != "shop-"+string(colour) {
			t.Errorf("%s: %s of project %s in %s, want %s", colour, serviceNames(m), m.ComposeProject, got, want)
		}
	}
	if app.Project != "shop" {
		t.Errorf("the application is called %q", app.Project)
	}
	// A complete file is used alone, whatever other files exist.
	dir = project.Folder(t, map[string]string{"docker-compose.yml": baseFile, "docker-compose.blue.yml": blueFile, "docker-compose.green.yml": greenFile})
	if got := filesOf(dir, loaded(t, Options{Dir: dir}).Models[model.Blue]); got != "docker-compose.blue.yml" {
		t.Errorf("complete files are laid over a common one: %s", got)
	}
}

func TestComposeFileOfTheEnvironment(t *testing.T) {
	files := map[string]string{
		"base.yml": baseFile, "over.blue.yml": overBlue, "over.green.yml": overBoth, "both.yml": bothFile,
		"compose.blue.yml": blueFile, "compose.green.yml": greenFile,
	}
	for list, want := range map[string]string{
		"both.yml":               "both.yml",
		"base.yml:over.blue.yml": "base.yml over.green.yml", // the counterpart of a list that was written for blue
		"over.green.yml":         "",
		"":                       "compose.green.yml",
	} {
		t.Run(list, func(t *testing.T) {
			t.Setenv("COMPOSE_FILE", list)
			dir := project.Folder(t, files)
			app, err := load(t, Options{Dir: dir, Project: "shop-{colour}"})
			if got := filesOf(dir, app.Models[model.Green]); got != want || (err != nil) != (want == "") {
				t.Errorf("green's files are %q, %v; want %q", got, err, want)
			}
		})
	}
	files[".env"] = "COMPOSE_FILE=base.yml;over.blue.yml\nCOMPOSE_PATH_SEPARATOR=;\nCOMPOSE_PROJECT_NAME=from-dotenv\n"
	files["compose.yml"] = bothFile
	dir := project.Folder(t, files)
	_, err := load(t, Options{Dir: dir})
	if err == nil || !strings.Contains(err.Error(), `"app" in one Compose project "from-dotenv"`) {
		t.Errorf("with .env: %v", err)
	}
	t.Setenv("COMPOSE_FILE", "nowhere.yml")
	_, err = load(t, Options{Dir: dir})
	var invalid *model.InvalidError
	if !errors.As(err, &invalid) || !strings.Contains(err.Error(), "COMPOSE_FILE names nowhere.yml") {
		t.Errorf("a file that is not there: %v", err)
	}
}

func TestProfilesOfTheEnvironment(t *testing.T) {
	t.Setenv("COMPOSE_PROFILES", "idle")
	app := loaded(t, Options{Dir: project.Folder(t, map[string]string{"compose.yml": "services:\n  app-blue: {image: a}\n  app-green: {image: a, profiles: [idle]}\n  extra-green: {image: a, profiles: [other]}\n"})})
	if got := serviceNames(app.Models[model.Green]); got != "app-green" {
		t.Errorf("green has %s", got)
	}
}

// As with `docker compose -f`: the first file's folder names the project, holds .env, and is where paths start.
func TestFilesInAnotherFolder(t *testing.T) {
	dir := project.Folder(t, map[string]string{
		"sub/compose.blue.yml": "services:\n  was-blue:\n    image: a:${TAG}\n    env_file: [own.env]\n    build: ./ctx\n", "sub/own.env": "A=b\n", "sub/.env": "TAG=of-sub\n",
		"sub/compose.green.yml": greenFile, ".env": "TAG=of-dir\n",
	})
	loaded, err := Loader{Options{Dir: dir, Files: []string{"sub/compose.{colour}.yml"}}, library(t)}.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	app, blue := loaded.Application, loaded.Projects[model.Blue]
	was := blue.Services["was-blue"]
	if app.Project != "sub" || was.Image != "a:of-sub" || *was.Environment["A"] != "b" || was.Build.Context != filepath.Join(dir, "sub", "ctx") {
		t.Errorf("project %s, image %s, environment %v, build in %s", app.Project, was.Image, was.Environment, was.Build.Context)
	}
}

// One file that is run as two projects: what differs comes from the colour's own variables.
func TestOneFileTwoProjects(t *testing.T) {
	app := loaded(t, Options{
		Dir:     project.Folder(t, map[string]string{"docker-compose.yml": "services:\n  web:\n    image: a\n    ports: [\"127.0.0.1:${HTTP_PORT:?}:80\"]\n"}),
		Files:   []string{"docker-compose.yml"},
		Project: "web-{colour}",
		Env:     map[model.Colour]map[string]string{model.Blue: {"HTTP_PORT": "8081"}, model.Green: {"HTTP_PORT": "8082"}},
	})
	for colour, want := range map[model.Colour]string{model.Blue: "127.0.0.1:8081/tcp", model.Green: "127.0.0.1:8082/tcp"} {
		if web, _ := app.Models[colour].Service("web"); len(web.HostPorts) != 1 || web.HostPorts[0] != want {
			t.Errorf("%s publishes %v", colour, web.HostPorts)
		}
	}
}

func TestDatabasesAndProxiesAreNotAColours(t *testing.T) {
	for name, test := range map[string]struct {
		file     string
		services []string
		says     string // empty: it is taken
	}{
		"database":            {"services:\n  app: {image: a}\n  store: {image: \"docker.io/library/postgres:16@sha256:" + strings.Repeat("0", 64) + "\"}\n", nil, "store looks like a database (compose.yml:3)"},
		"proxy":               {"services:\n  app: {image: a}\n  api: {image: b}\n  web: {image: nginx}\n", nil, "services: [api, app]"},
		"by its name":         {"services:\n  app: {image: a}\n  db: {build: ./db}\n", nil, "db looks like a database"},
		"a site of files":     {"services:\n  web: {image: \"nginx:1\"}\n", nil, ""},
		"of the user's words": {"services:\n  app: {image: a}\n  cache: {image: redis}\n", []string{"app", "cache"}, ""},
		"said otherwise":      {"services:\n  app: {image: a}\n  cache: {image: redis}\n", []string{"app"}, ""},
	} {
		dir := project.Folder(t, map[string]string{"compose.yml": test.file})
		_, err := load(t, Options{Dir: dir, Project: "shop-{colour}", Services: test.services})
		if test.says == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		var invalid *model.InvalidError
		if !errors.As(err, &invalid) || len(invalid.Reasons) != 1 || !strings.Contains(strings.ReplaceAll(err.Error(), dir+"/", ""), test.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Files without colours are refused with what to do, and can be read as what they are.
func TestOneSetOfServices(t *testing.T) {
	dir := project.Folder(t, map[string]string{"compose.yml": "services:\n  web: {image: a, depends_on: [db]}\n  db: {image: postgres}\n"})
	_, err := load(t, Options{Dir: dir})
	if err == nil || err.Error() != "compose.yml has one set of services and no colours (db, web); bluegate needs the services behind nginx twice: run `bluegate init`, which shows the edit" {
		t.Errorf("%v", err)
	}
	set, err := Loader{Options{Dir: dir}, library(t)}.OneSet(t.Context())
	if err != nil || serviceNames(set.Model) != "db web" {
		t.Errorf("%v, %v", set.Model, err)
	}
	for name, o := range map[string]Options{
		"a project each":  {Project: "shop-{colour}"},
		"variables":       {Env: map[model.Colour]map[string]string{model.Blue: {"A": "1"}, model.Green: {"A": "2"}}},
		"listed services": {Services: []string{"web"}},
	} {
		o.Dir = dir
		if _, err := load(t, o); err != nil && strings.Contains(err.Error(), "one set of services") {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := (Loader{o, library(t)}).OneSet(t.Context()); err == nil {
			t.Errorf("%s: it is taken for one set", name)
		}
	}
	coloured := project.Folder(t, map[string]string{"compose.yml": bothFile})
	if _, err := (Loader{Options{Dir: coloured}, library(t)}).OneSet(t.Context()); err == nil {
		t.Error("a file with colours is taken for one set")
	}
}

// Services of one pattern take each other's place, also where nothing separates the colour.
func TestKeysOfPatterns(t *testing.T) {
	app := loaded(t, Options{
		Dir:      project.Folder(t, map[string]string{"compose.yml": "services:\n  nodeblue: {image: a}\n  nodegreen: {image: a}\n  db: {image: b}\n"}),
		Services: []string{"node{colour}"},
	})
	for colour, m := range app.Models {
		if len(m.Services) != 1 || m.Services[0].Key != "node{colour}" {
			t.Errorf("%s: %+v", colour, m.Services)
		}
	}
}

func TestEnvFiles(t *testing.T) {
	app := loaded(t, Options{
		Dir:      project.Folder(t, map[string]string{".env": "TAG=v0\n", ".env.blue": "TAG=v1\n", ".env.green": "TAG=v2\n", "compose.yml": "services:\n  was-blue: {image: \"a:${TAG}\"}\n  was-green: {image: \"a:${TAG}\"}\n"}),
		EnvFiles: []string{".env.{colour}"},
	})
	for colour, want := range map[model.Colour]string{model.Blue: "a:v1", model.Green: "a:v2"} {
		if s := app.Models[colour].Services[0]; s.Image != want {
			t.Errorf("%s has %s", colour, s.Image)
		}
	}
}

// Values that Compose accepts and the engine would reject.
func TestValuesThatTheEngineWouldReject(t *testing.T) {
	for body, want := range map[string]string{
		"image: \"A B\"\n":                          "compose.blue.yml:3:5: services.was-blue.image: invalid image name \"A B\"",
		"image: a\n    restart: sometimes\n":        "compose.blue.yml:4:5: services.was-blue.restart: invalid restart policy \"sometimes\": must be one of no, always",
		"image: a\n    restart: \"on-failure:3\"\n": "",
		"image: a\n    restart: \"no\"\n":           "",
	} {
		dir := project.Folder(t, map[string]string{"compose.blue.yml": "services:\n  was-blue:\n    " + body, "compose.green.yml": greenFile})
		_, err := load(t, Options{Dir: dir})
		got := ""
		if err != nil {
			got = strings.ReplaceAll(err.Error(), dir+"/", "")
		}
		if (got == "") != (want == "") || !strings.HasPrefix(got, want) {
			t.Errorf("%q: %q, want %q", body, got, want)
		}
	}
}
