package config

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// -f, -p and -e are those of docker compose: files from the current directory, the project, variables.
func TestComposeFlags(t *testing.T) {
	dir, cwd := t.TempDir(), t.TempDir()
	t.Chdir(cwd)
	for _, name := range []string{"base.yml", "shop.blue.yml", "shop.green.yml", "only.blue.yml"} {
		writeText(t, filepath.Join(cwd, name), "services: {}\n")
	}
	writeText(t, filepath.Join(dir, "bluegate.yml"), "compose: {files: [other.yml], project: other}\n")
	o, _, err := Read(given{"project-directory": dir, "file": "base.yml|shop.blue.yml|only.blue.yml|new.{colour}.yml", "project-name": "shop-{colour}", "set": "VERSION=v5|EMPTY=|VERSION=v6|URL=a=b,c"}, unset)
	want := []string{"base.yml", "shop.{colour}.yml", "only.blue.yml", "new.{colour}.yml"}
	for i, name := range want {
		want[i] = filepath.Join(cwd, name)
	}
	if err != nil || !slices.Equal(o.Compose.Files, want) || o.Compose.Project != "shop-{colour}" || !maps.Equal(o.Compose.Set, map[string]string{"VERSION": "v6", "EMPTY": "", "URL": "a=b,c"}) {
		t.Errorf("%+v, %v", o.Compose, err)
	}
}

func TestComposeFlagsThatAreWrong(t *testing.T) {
	for _, c := range []struct{ flag, value, want string }{
		{"file", "none.yml", "--file none.yml: stat"},
		{"set", "VERSION", `--set "VERSION": write NAME=VALUE`},
		{"set", "=v5", `--set "=v5": write NAME=VALUE`},
		{"set", "MY-VERSION=v5", "write NAME=VALUE"},
		{"set", "COMPOSE_FILE=x.yml", "--set COMPOSE_FILE: it is for the variables of your Compose files"},
		{"set", "DOCKER_HOST=x", "use -f, -p, --host or --context"},
	} {
		if _, _, err := Read(given{"project-directory": t.TempDir(), c.flag: c.value}, unset); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("--%s %s: %v, want %q", c.flag, c.value, err, c.want)
		}
	}
}
