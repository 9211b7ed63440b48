package compose

import (
	"strings"

	"github.com/docker/docker/api/types/container"
)

// learnContainer reports what the files do not contain: the environment of an image, and containers of an earlier
// version.
func (s *Stack) learnContainer(config *container.Config) {
	if s.opts.Learn == nil {
		return
	}
	for _, entry := range config.Env {
		name, value, _ := strings.Cut(entry, "=")
		s.opts.Learn(name, value)
	}
	for name, value := range config.Labels {
		s.opts.Learn(name, value)
	}
}
