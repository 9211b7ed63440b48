package load

import (
	"time"

	"bluegate/deploy/model"
)

// Options say where the colours' files are. The zero value means the conventions.
type Options struct {
	Dir      string   // the project directory
	Files    []string // with {colour}; empty: by convention
	Project  string   // the Compose project, with {colour}; empty: what Compose itself would use
	Services []string // with {colour}; empty: by convention
	OneShot  []string // services that pass by exit 0
	Name     string   // names lock, journal and history; empty: the Compose project, without the colour
	Env      map[model.Colour]map[string]string
	// Keys are what {key} stands for in Files, Project and Services, besides {colour}.
	Keys map[model.Colour]map[string]string
	// StartInterval is how often a healthcheck is asked during its start_period; zero leaves it as it is.
	StartInterval time.Duration
	// OnlyWhatRuns is for commands that start no release of the files: variables that only the images depend on may be
	// unset.
	OnlyWhatRuns bool
	// Learn is told every name and value that may be a secret, so that it appears in no output. It may be nil.
	Learn func(name, value string)
}
