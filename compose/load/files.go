package load

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/cli"

	"bluegate/deploy/model"
)

// conventions are the names of a colour's file, in this order; the last ones are files with both colours.
var conventions = []string{
	"compose.{colour}-deploy.yml", "compose.{colour}-deploy.yaml", "compose.{colour}.yml", "compose.{colour}.yaml",
	"docker-compose.{colour}-deploy.yml", "docker-compose.{colour}-deploy.yaml", "docker-compose.{colour}.yml", "docker-compose.{colour}.yaml",
	"compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml",
}

// FilesFound returns the names of the files, still with {colour}: the configured ones, otherwise those of COMPOSE_FILE,
// otherwise those with the usual names.
func (o Options) FilesFound() ([]string, error) {
	if len(o.Files) > 0 {
		return o.Files, nil
	}
	if named, err := o.composeFile(); len(named) > 0 || err != nil {
		return named, err
	}
	for _, pattern := range conventions {
		if o.exists(pattern, model.Blue) && o.exists(pattern, model.Green) {
			return append(o.base(pattern), append([]string{pattern}, o.override(pattern)...)...), nil
		}
	}
	return nil, model.Invalid("no Compose files of two colours in %s, and none for both: tried compose.{colour}.yml, compose.{colour}-deploy.yml and compose.yml, also with docker- before it and as .yaml; change to their folder, or name them in bluegate.yml (compose.files)",
		o.Dir)
}

// composeFile reads COMPOSE_FILE from the environment or from .env, as Compose does. A name with a colour whose
// counterpart exists stands for both colours.
func (o Options) composeFile() ([]string, error) {
	found, err := cli.NewProjectOptions(nil, cli.WithWorkingDirectory(o.Dir), cli.WithOsEnv, cli.WithEnvFiles(o.envFiles(model.Blue)...), cli.WithDotEnv)
	if err != nil {
		return nil, &model.InvalidError{Err: fmt.Errorf("read the environment of %s: %w", o.Dir, err)}
	}
	list := found.Environment["COMPOSE_FILE"]
	if list == "" {
		return nil, nil
	}
	names := strings.Split(list, cmp.Or(found.Environment["COMPOSE_PATH_SEPARATOR"], string(os.PathListSeparator)))
	for i, name := range names {
		names[i] = o.ForBoth(name)
		if !o.exists(names[i], model.Blue) {
			return nil, model.Invalid("COMPOSE_FILE names %s, which is not in %s; fix it, or name the files in bluegate.yml (compose.files)", name, o.Dir)
		}
	}
	return names, nil
}

// ForBoth returns the name of a file that stands for both colours, if the name has a colour and the other colour's file
// exists; otherwise the name.
func (o Options) ForBoth(name string) string {
	for _, colour := range model.Colours {
		if pattern := colourPattern(name, colour); pattern != name && o.exists(pattern, colour.Other()) {
			return pattern
		}
	}
	return name
}

// envFiles returns the files that Compose reads instead of .env.
func (o Options) envFiles(colour model.Colour) []string {
	if len(o.EnvFiles) > 0 {
		files := make([]string, len(o.EnvFiles))
		for i, pattern := range o.EnvFiles {
			files[i] = o.path(pattern, colour)
		}
		return files
	}
	if list := os.Getenv("COMPOSE_ENV_FILES"); list != "" {
		return strings.Split(list, ",")
	}
	return nil
}

// colourPattern replaces the colour in a file's name with {colour}.
func colourPattern(path string, colour model.Colour) string {
	dir, name := filepath.Split(path)
	return dir + model.ServiceKey(name, colour)
}

// base returns the file over which a colour's own file is merged, if that file is incomplete: one of its services says
// neither what it runs nor how to build it.
func (o Options) base(pattern string) []string {
	if !strings.Contains(pattern, "{colour}") {
		return nil
	}
	var incomplete []string
	for _, doc := range documents([]string{o.path(pattern, model.Blue)}) {
		for _, services := range doc.entriesAt("services") {
			for _, e := range mapping(resolved(services.value)) {
				runs := func(key string) bool { return len(descend(e, key)) > 0 }
				if !runs("image") && !runs("build") && !runs("extends") && !runs("provider") {
					incomplete = append(incomplete, e.name.Value)
				}
			}
		}
	}
	for _, name := range cli.DefaultFileNames {
		for _, doc := range documents([]string{o.path(name, model.None)}) {
			if slices.ContainsFunc(incomplete, func(service string) bool { return len(doc.entriesAt("services."+service)) > 0 }) {
				return []string{name}
			}
		}
	}
	return nil
}

// override returns what Compose merges over a file that it finds by itself.
func (o Options) override(pattern string) []string {
	if !slices.Contains(cli.DefaultFileNames, pattern) {
		return nil
	}
	for _, name := range cli.DefaultOverrideFileNames {
		if o.exists(name, model.None) {
			return []string{name}
		}
	}
	return nil
}

func (o Options) exists(pattern string, colour model.Colour) bool {
	info, err := os.Stat(o.path(pattern, colour))
	return err == nil && info.Mode().IsRegular()
}

// Paths returns the paths of the colours' files, as far as they are found.
func (o Options) Paths() (paths []string) {
	patterns, _ := o.FilesFound() // Load reports the error
	for _, pattern := range patterns {
		for _, colour := range model.Colours {
			if path := o.path(pattern, colour); !slices.Contains(paths, path) {
				paths = append(paths, path)
			}
		}
	}
	return paths
}

// path returns the path of a pattern's file for a colour.
func (o Options) path(pattern string, colour model.Colour) string {
	path := o.expand(pattern, colour)
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(o.Dir, path)
}

// expand replaces {colour} and the colour's keys in a pattern.
func (o Options) expand(pattern string, colour model.Colour) string {
	pairs := []string{"{colour}", string(colour)}
	for key, value := range o.Keys[colour] {
		pairs = append(pairs, "{"+key+"}", value)
	}
	return strings.NewReplacer(pairs...).Replace(pattern)
}
