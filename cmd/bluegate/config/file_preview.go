package config

import "time"

// previewSection is about a release that waits to be promoted.
type previewSection struct {
	Timeout time.Duration `yaml:"timeout" default:"60m" doc:"How long a release of deploy --until preview waits to be promoted. After that the next deployment, settle or watch removes it."`
}
