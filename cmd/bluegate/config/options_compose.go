package config

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"bluegate/deploy/model"
)

// composeFlags applies the flags that docker compose has under the same names: -f, -p and -e.
func (o *Options) composeFlags(flags Flags) error {
	if files := flags.StringSlice("file"); len(files) > 0 {
		o.Compose.Files = nil
		for _, name := range files {
			path, err := o.composeFile(name)
			if err != nil {
				return err
			}
			o.Compose.Files = append(o.Compose.Files, path)
		}
	}
	if flags.IsSet("project-name") {
		o.Compose.Project = flags.String("project-name")
	}
	set, err := Variables(flags.StringSlice("set"))
	o.Compose.Set = set
	return err
}

// composeFile returns the path of a file that -f names, as docker compose reads it: from the current directory. The name
// of one colour's file stands for both.
func (o *Options) composeFile(name string) (string, error) {
	path, err := filepath.Abs(name)
	if err != nil {
		return "", &model.InvalidError{Err: err}
	}
	path = o.Compose.ForBoth(path)
	if strings.Contains(path, "{") { // the colours' files are looked for when they are read
		return path, nil
	}
	if _, err := os.Stat(path); err != nil {
		return "", model.Invalid("--file %s: %w", name, err)
	}
	return path, nil
}

// variableName matches the names that Compose replaces in its files.
var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// Variables reads NAME=VALUE. Of a name that is given twice the last value applies.
func Variables(entries []string) (map[string]string, error) {
	if len(entries) == 0 {
		return nil, nil
	}
	set := map[string]string{}
	for _, entry := range entries {
		name, value, ok := strings.Cut(entry, "=")
		switch {
		case !ok || !variableName.MatchString(name):
			return nil, model.Invalid("--set %q: write NAME=VALUE, with a name of letters, digits and _", entry)
		case strings.HasPrefix(name, "COMPOSE_") || strings.HasPrefix(name, "DOCKER_"):
			return nil, model.Invalid("--set %s: it is for the variables of your Compose files; set %s in the environment, or use -f, -p, --host or --context", name, name)
		}
		set[name] = value
	}
	return set, nil
}
