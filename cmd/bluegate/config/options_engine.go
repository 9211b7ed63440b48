package config

import (
	"fmt"
	"strings"
)

// fromEngine applies engine. A stack is named after the project and the colour unless the file names it.
func (o *Options) fromEngine(f *File) error {
	if o.Swarm = f.Engine == "swarm"; !o.Swarm {
		return nil
	}
	switch {
	case o.Compose.Project == "" && o.Compose.Name == "":
		return fmt.Errorf("engine: swarm needs the name of the application: write project: NAME; the stacks are then NAME-blue and NAME-green")
	case o.Compose.Project == "":
		o.Compose.Project = o.Compose.Name + "-{colour}"
	case !strings.Contains(o.Compose.Project, "{"):
		return fmt.Errorf("compose.project: %s is one stack for both colours; write {colour} in it, as in %[1]s-{colour}", o.Compose.Project)
	}
	return nil
}
