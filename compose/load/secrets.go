package load

import (
	"io"
	"os"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
)

// largestSecret limits how much of a secret's file is read: secrets are hidden by comparison, so they must be short.
const largestSecret = 64 << 10

// learnProject reports the names and values of a project to Learn, so that secrets among them appear in no output.
func (o Options) learnProject(p *types.Project) {
	if o.Learn == nil {
		return
	}
	for name, value := range p.Environment {
		o.Learn(name, value)
	}
	for _, service := range p.AllServices() {
		o.learnService(service)
	}
	for _, secret := range p.Secrets {
		o.learnSecret(types.FileObjectConfig(secret), p.Environment)
	}
	for name, config := range p.Configs {
		o.Learn(name, config.Content)
	}
}

func (o Options) learnService(service types.ServiceConfig) {
	o.learnMapping(service.Environment)
	for name, value := range service.Labels {
		o.Learn(name, value)
	}
	if service.Build != nil {
		o.learnMapping(service.Build.Args)
	}
	o.Learn("", strings.Join(service.Command, " "))
	o.Learn("", strings.Join(service.Entrypoint, " "))
	if service.HealthCheck != nil {
		o.Learn("", strings.Join(service.HealthCheck.Test, " "))
	}
}

func (o Options) learnMapping(m types.MappingWithEquals) {
	for name, value := range m {
		if value != nil {
			o.Learn(name, *value)
		}
	}
}

func (o Options) learnSecret(secret types.FileObjectConfig, env types.Mapping) {
	o.Learn("secret", secret.Content)
	if value := env[secret.Environment]; value != "" {
		o.Learn("secret", value)
	}
	if secret.File == "" {
		return
	}
	info, err := os.Stat(secret.File)
	if err != nil || !info.Mode().IsRegular() { // Compose reports the error
		return
	}
	f, err := os.Open(secret.File)
	if err != nil {
		return
	}
	defer f.Close()
	if text, err := io.ReadAll(io.LimitReader(f, largestSecret)); err == nil {
		o.Learn("secret", string(text))
	}
}
