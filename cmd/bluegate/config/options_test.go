package config

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"bluegate/compose/load"
	"bluegate/deploy"
	"bluegate/deploy/model"
	"bluegate/nginx/instance"
	"bluegate/nginx/mode"
)

// given are flags of the command line.
type given map[string]string

func (g given) IsSet(name string) bool             { return g[name] != "" }
func (g given) Bool(name string) bool              { return g[name] == "true" }
func (g given) String(name string) string          { return g[name] }
func (g given) Duration(name string) time.Duration { d, _ := time.ParseDuration(g[name]); return d }

func (g given) StringSlice(name string) []string {
	if g[name] == "" {
		return nil
	}
	return strings.Split(g[name], "|")
}

func unset(string) string { return "" }

// optionsOf returns the settings of a deployment in a folder with this bluegate.yml; "" means no file.
func optionsOf(t *testing.T, yml string) (Options, string, error) {
	t.Helper()
	dir := t.TempDir()
	if yml != "" {
		writeText(t, filepath.Join(dir, "bluegate.yml"), yml)
	}
	o, err := optionsIn(dir, "")
	return o, dir, err
}

func optionsIn(dir, path string) (Options, error) {
	o, _, err := Read(given{"project-directory": dir, "config": path}, unset)
	return o, err
}

func writeText(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// keys returns the values of the placeholders, with a port for each colour.
func keys(blue, green string) map[model.Colour]map[string]string {
	k := map[model.Colour]map[string]string{model.Blue: {"colour": "blue"}, model.Green: {"colour": "green"}}
	if blue != "" {
		k[model.Blue]["port"], k[model.Green]["port"] = blue, green
	}
	return k
}

func noKeys() map[model.Colour]map[string]string {
	return map[model.Colour]map[string]string{model.Blue: {}, model.Green: {}}
}

func TestOptionsWithoutAFile(t *testing.T) {
	for name, yml := range map[string]string{"none": "", "a comment": "# nothing yet\n", "only a line": "---\n"} {
		o, dir, err := optionsOf(t, yml)
		want := Options{Watch: DefaultWatch(), Settings: deploy.DefaultSettings(), Nginx: instance.Options{Settings: mode.Settings{Dir: dir}}, Compose: load.Options{Dir: dir, Env: noKeys(), Keys: keys("", "")}}
		if err != nil || !reflect.DeepEqual(o, want) {
			t.Errorf("%s: %+v, %v", name, o, err)
		}
	}
}

func TestWithoutHealthcheck(t *testing.T) {
	for yml, want := range map[string]struct {
		all      bool
		services []string
	}{
		"gate: {without_healthcheck: running}\n":                                 {true, nil},
		"gate: {without_healthcheck: refuse}\n":                                  {false, nil},
		"gate: {without_healthcheck: {worker: running, web: refuse}}\n":          {false, []string{"worker"}},
		"gate: {without_healthcheck: {\"job-{colour}\": running, a: running}}\n": {false, []string{"a", "job-{colour}"}},
	} {
		o, _, err := optionsOf(t, yml)
		if err != nil || o.Settings.RunningSuffices != want.all || !slices.Equal(o.Settings.RunningServices, want.services) {
			t.Errorf("%s%v %v %v", yml, o.Settings.RunningSuffices, o.Settings.RunningServices, err)
		}
	}
}

func TestOptionsOfAWholeFile(t *testing.T) {
	o, dir, err := optionsOf(t, `
project: shop
compose:
  files: ["compose.yml", "compose.{colour}.yml"]
  project: "shop-{colour}"
  services: ["was-{colour}"]
  one_shot: [migrate]
colours: {blue: {port: 8081, env: {TAG: v1, PORT: "{port}"}}, green: {port: 8082, env: {TAG: "v2"}}}
gate: {timeout: 90s, stable: 0s, without_healthcheck: running}
nginx: {container: edge, mode: template, to: nginx/up.conf, text: "set $up {colour}:{port};"}
preview: {timeout: 3h}
drain: {timeout: 2m, then: stop}
old: {keep: removed}
`)
	want := Options{
		Watch: DefaultWatch(),
		Compose: load.Options{
			Dir: dir, Name: "shop", Files: []string{"compose.yml", "compose.{colour}.yml"}, Project: "shop-{colour}", Services: []string{"was-{colour}"}, OneShot: []string{"migrate"},
			Env:  map[model.Colour]map[string]string{model.Blue: {"TAG": "v1", "PORT": "8081"}, model.Green: {"TAG": "v2"}},
			Keys: keys("8081", "8082"),
		},
		Nginx: instance.Options{Container: "edge", NamedAt: "bluegate.yml:10", Settings: mode.Settings{
			Mode: "template", Dir: dir, To: "nginx/up.conf", From: map[model.Colour]string{model.Blue: "", model.Green: ""},
			Text: map[model.Colour]string{model.Blue: "set $up blue:8081;", model.Green: "set $up green:8082;"}, Upstreams: noKeys(),
		}},
		Settings: deploy.Settings{Timeout: 90 * time.Second, RunningSuffices: true, Keep: model.KeepRemoved, DrainTimeout: 2 * time.Minute, DrainThenStop: true, PreviewTimeout: 3 * time.Hour},
	}
	if err != nil || !reflect.DeepEqual(o, want) {
		t.Errorf("got\n%+v, %v\nwant\n%+v", o, err, want)
	}
}

func TestOptionsThatAreWrong(t *testing.T) {
	for yml, want := range map[string]string{
		"gate: {stabel: 5s}\n":                    `bluegate.yml:1:8: unknown key "stabel" in gate (did you mean "stable"?)`,
		"project: shop\ncompsoe:\n  files: [a]\n": `bluegate.yml:2:1: unknown key "compsoe" (did you mean "compose"?); known keys: project, `,
		"nginx: {zzz: a}\n":                       `bluegate.yml:1:9: unknown key "zzz" in nginx; known keys: container, `,
		"gate: {stable: 5}\n":                     `bluegate.yml:1:16: gate.stable: invalid duration "5": must have a unit and not be negative, such as 5s or 1m30s`,
		"gate:\n  stable: -5s\n":                  `bluegate.yml:2:11: gate.stable: invalid duration "-5s"`,
		"drain:\n  timeout: soon\n":               `bluegate.yml:2:12: drain.timeout: invalid duration "soon"`,
		"gate: {timeout: soon}\n":                 `bluegate.yml:1:17: gate.timeout: invalid duration "soon": must be auto, or a duration such as 90s`,
		"gate: {timeout: 0s}\n":                   `gate.timeout: invalid duration "0s"`,
		"gate: {without_healthcheck: ignore}\n":   `bluegate.yml:1:29: gate.without_healthcheck: invalid value "ignore": must be one of refuse, running`,
		"gate: {without_healthcheck: runing}\n":   `did you mean "running"?`,
		"drain: {then: kill}\n":                   `bluegate.yml:1:15: drain.then: invalid value "kill": must be one of keep, stop`,
		"old: {keep: forever}\n":                  `bluegate.yml:1:13: old.keep: invalid value "forever": must be one of stopped, running, removed`,
		"colours: {red: {env: {A: b}}}\n":         `bluegate.yml:1:11: unknown key "red" in colours`,
		"colours: {blue: {env: {A: }}}\n":         `colours.blue.env.A must be a single value, not nothing`,
		"colours: {blue: {a-b: c}}\n":             `bluegate.yml:1:23: colours.blue.a-b: invalid key "a-b": only letters`,
		"colours: {blue: {colour: c}}\n":          `bluegate.yml:1:26: colours.blue.colour: `,
		"compose: {files: compose.yml}\n":         `bluegate.yml:1:18: compose.files must be a list, such as [a, b], not a single value`,
		"compose: {files: [a, ]}\ngate: 5\n":      `bluegate.yml:2:7: gate must be a mapping of timeout, stable, start_interval, without_healthcheck, not a single value`,
		"compose:\n  files:\n  - \n":              `compose.files[0] must be a value, not nothing`,
		"compose: {project: \"a-{port}\"}\n":      `bluegate.yml:1:20: compose.project: unknown placeholder {port} for blue (known: {colour}); define it under colours.blue`,
		"nginx: {container: \"n-{colour}\"}\n":    `bluegate.yml:1:20: nginx.container: {colour} is not replaced here`,
		"project: [a]\n":                          `bluegate.yml:1:10: project must be a single value, not a list`,
		"project: \"\"\n":                         `bluegate.yml:1:10: project: must not be empty`,
		"project: a\nproject: b\n":                `bluegate.yml:2:1: `,
		"project: \"a\n":                          `bluegate.yml:1:10: `,
		"project: &a b\n":                         `bluegate.yml:1:10: anchors and aliases`,
		"project: *a\n":                           `bluegate.yml:1:10: `,
		"project: !!str 5\n":                      `bluegate.yml:1:10: tags (!!str) are not supported`,
		"gate: {<<: {stable: 5s}}\n":              `bluegate.yml:1:8: merge keys`,
		"project: a\n---\nproject: b\n":           `bluegate.yml:3:`,
		"a\n":                                     `bluegate.yml:1:1: found a single value; the file must be a mapping`,
		"- a\n":                                   `bluegate.yml:1:1: found a list; the file must be a mapping`,
		"\t project: a\n":                         `bluegate.yml:1:`,
		"project: a\x00b\n":                       `bluegate.yml:1:11: byte 0x00 is not text`,
		"project: a\ngate:\n  stable: \xff\n":     `bluegate.yml:3:11: byte 0xff is not text`,
		"\n":                                      `bluegate.yml:1:1: the file is empty`,
	} {
		_, dir, err := optionsOf(t, yml)
		var invalid *model.InvalidError
		if !errors.As(err, &invalid) || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), dir+"/bluegate.yml:") {
			t.Errorf("%q: %v\nwant %s", yml, err, want)
		}
	}
}

// The file decides what is run and what is removed.
func TestFileThatIsNotToBeTrusted(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "other.yml")
	writeText(t, outside, "project: other\n")
	for name, test := range map[string]struct {
		make func(path string) error
		want string
	}{
		"everybody may write it": {func(p string) error {
			return errors.Join(os.WriteFile(p, []byte("project: x\n"), 0o644), os.Chmod(p, 0o666))
		}, "chmod o-w"},
		"a link out of the tree": {func(p string) error { return os.Symlink(outside, p) }, outside},
		"everybody may write its folder": {func(p string) error {
			return errors.Join(os.WriteFile(p, []byte("project: x\n"), 0o644), os.Chmod(filepath.Dir(p), 0o777))
		}, "chmod o-w"},
		"a link to nothing": {func(p string) error { return os.Symlink("none.yml", p) }, "no such file"},
		"a link to itself":  {func(p string) error { return os.Symlink("bluegate.yml", p) }, "too many links"},
		"a pipe":            {func(p string) error { return syscall.Mkfifo(p, 0o600) }, "is a pipe, not a regular file"},
		"a folder":          {func(p string) error { return os.Mkdir(p, 0o755) }, "is a folder, not a regular file"},
		"a device":          {func(p string) error { return os.Symlink("/dev/zero", p) }, "is a device, not a regular file"},
		"something else":    {func(p string) error { return os.WriteFile(p, make([]byte, maxSize+1), 0o644) }, "has 1048577 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := test.make(filepath.Join(dir, "bluegate.yml")); err != nil {
				t.Fatal(err)
			}
			_, err := optionsIn(dir, "")
			var invalid *model.InvalidError
			if !errors.As(err, &invalid) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v", err)
			}
		})
	}
	// In a folder with the sticky bit, such as /tmp, no other user can replace the file.
	sticky := t.TempDir()
	writeText(t, filepath.Join(sticky, "bluegate.yml"), "project: sticky\n")
	if err := os.Chmod(sticky, 0o777|os.ModeSticky); err != nil {
		t.Fatal(err)
	}
	if o, err := optionsIn(sticky, ""); err != nil || o.Compose.Name != "sticky" {
		t.Errorf("%+v, %v", o.Compose, err)
	}
	// A link within the folder is accepted, and so is a file that --config names.
	dir := t.TempDir()
	writeText(t, filepath.Join(dir, "ops.yml"), "project: inside\n")
	if err := os.Symlink("ops.yml", filepath.Join(dir, "bluegate.yml")); err != nil {
		t.Fatal(err)
	}
	if o, err := optionsIn(dir, ""); err != nil || o.Compose.Name != "inside" {
		t.Errorf("%+v, %v", o.Compose, err)
	}
	if o, err := optionsIn(dir, outside); err != nil || o.Compose.Name != "other" {
		t.Errorf("%+v, %v", o.Compose, err)
	}
}
