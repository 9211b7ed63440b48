package load

import (
	"time"

	"bluegate/deploy/model"
)

// Options say where the Compose files of the colours are. The zero value means the conventions.
type Options struct {
	Dir      string   // the project directory
	Files    []string // with {colour}; empty: the conventions
	Base     string   // the folder from which relative paths in the files count; empty: that of the first file
	EnvFiles []string // with {colour}; empty: what Compose itself would read
	Project  string   // the Compose project, with {colour}; empty: what Compose itself would use
	Services []string // with {colour}; empty: the conventions
	OneShot  []string // services that pass with exit code 0
	Name     string   // names lock, journal and history; empty: the Compose project, without the colour
	Env      map[model.Colour]map[string]string
	// Set are variables for this run alone, instead of those of Env, the process and .env.
	Set map[string]string
	// Keys are the values of {key} in Files, EnvFiles, Project and Services, in addition to {colour}.
	Keys map[model.Colour]map[string]string
	// StartInterval is the interval of healthchecks during their start_period; zero does not change it.
	StartInterval time.Duration
	// OnlyWhatRuns is for commands that do not start a release: variables that the files require may be unset.
	OnlyWhatRuns bool
	// Learn is called with every name and value that may be a secret, so that it appears in no output. It may be nil.
	Learn func(name, value string)
}
