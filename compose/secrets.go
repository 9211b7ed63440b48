package compose

import (
	"io"
	"os"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/docker/docker/api/types/container"
)

// largestSecret bounds what is read of a secret's file: a value that is hidden by comparing must be short.
const largestSecret = 64 << 10

// learn tells what a project holds by name and value, so that the secrets among it can be kept out of every output.
func (s *Stack) learn(p *types.Project) {
	if s.opts.Learn == nil {
		return
	}
	for name, value := range p.Environment {
		s.opts.Learn(name, value)
	}
	for _, service := range p.AllServices() {
		s.learnService(service)
	}
	for _, secret := range p.Secrets {
		s.learnSecret(types.FileObjectConfig(secret), p.Environment)
	}
	for name, config := range p.Configs {
		s.opts.Learn(name, config.Content)
	}
}

func (s *Stack) learnService(service types.ServiceConfig) {
	s.learnMapping(service.Environment)
	for name, value := range service.Labels {
		s.opts.Learn(name, value)
	}
	if service.Build != nil {
		s.learnMapping(service.Build.Args)
	}
	s.opts.Learn("", strings.Join(service.Command, " "))
	s.opts.Learn("", strings.Join(service.Entrypoint, " "))
	if service.HealthCheck != nil {
		s.opts.Learn("", strings.Join(service.HealthCheck.Test, " "))
	}
}

func (s *Stack) learnMapping(m types.MappingWithEquals) {
	for name, value := range m {
		if value != nil {
			s.opts.Learn(name, *value)
		}
	}
}

func (s *Stack) learnSecret(secret types.FileObjectConfig, env types.Mapping) {
	s.opts.Learn("secret", secret.Content)
	if value := env[secret.Environment]; value != "" {
		s.opts.Learn("secret", value)
	}
	if secret.File == "" {
		return
	}
	info, err := os.Stat(secret.File)
	if err != nil || !info.Mode().IsRegular() { // Compose says what is wrong with it
		return
	}
	f, err := os.Open(secret.File)
	if err != nil {
		return
	}
	defer f.Close()
	if text, err := io.ReadAll(io.LimitReader(f, largestSecret)); err == nil {
		s.opts.Learn("secret", string(text))
	}
}

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
