package compose

import (
	"strings"

	"github.com/docker/docker/api/types/container"
)

// learnContainer is for what the files do not say: an image's own environment, and containers of an earlier version.
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
