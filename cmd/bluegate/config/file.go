// Package config makes the settings of a command from bluegate.yml, the environment and the flags, and says where each
// value comes from.
package config

import (
	"slices"
	"time"

	"bluegate/cmd/bluegate/config/strict"
	"bluegate/deploy/model"
)

// File is bluegate.yml. The tags of a field are used by the reader (package strict), the schema and `bluegate config`:
// choice is a closed list of words, default the value that applies if none is set, convention what applies instead of a
// default, doc a sentence for editors. In a field with expand:"colour", {colour} and the keys of the colour are
// replaced; in one with fill:"environment", ${NAME} too.
type File struct {
	Project string             `yaml:"project" convention:"the name of the Compose project without the colour" doc:"Names the lock, the journal and the history. Default: the name of the Compose project without the colour."`
	Engine  string             `yaml:"engine" choice:"compose swarm" default:"compose" doc:"What runs the containers: Docker Compose on one engine, or Docker Swarm, where each colour is a stack. swarm needs project."`
	Compose composeSection     `yaml:"compose" doc:"Where the Compose files of the colours are, and which services belong to a colour."`
	Colours map[string]colours `yaml:"colours" choice:"blue green" doc:"What differs between the colours. {key} is replaced with the value of the key."`
	Gate    gateSection        `yaml:"gate" doc:"When a release may take traffic."`
	Checks  []checkSection     `yaml:"checks" doc:"Checks of a colour in addition to Docker's health."`
	Hooks   hooksSection       `yaml:"hooks" doc:"Commands that run during a deployment, each a list of words."`
	Nginx   nginxSection       `yaml:"nginx" doc:"Which nginx is switched, and how."`
	Preview previewSection     `yaml:"preview" doc:"How long a release may wait to be promoted, and by what people see it through nginx meanwhile."`
	Bake    bakeSection        `yaml:"bake" doc:"How long both colours run after the switch."`
	Judge   judgeSection       `yaml:"judge" doc:"What a release may cost its users, by the requests that they make while it bakes, or gets a share of them."`
	Canary  canarySection      `yaml:"canary" doc:"Which share of the clients gets a release, step by step, before all do."`
	Drain   drainSection       `yaml:"drain" doc:"How long to wait for requests on the old colour."`
	Old     oldSection         `yaml:"old" doc:"What happens to the old colour."`
	Watch   watchSection       `yaml:"watch" doc:"How bluegate watch looks at the application between deployments."`
	Notify  []notifySection    `yaml:"notify" doc:"Who is told of what happens."`

	values  *strict.Values
	getenv  func(string) string
	secrets []string // values that ${NAME} took from the environment
}

type composeSection struct {
	Files    []string `yaml:"files" expand:"colour" convention:"the Compose files with the usual names" doc:"The Compose files, in Compose's order."`
	EnvFiles []string `yaml:"env_files" expand:"colour" convention:".env" doc:"The environment files for variables in the Compose files, as docker compose --env-file. They replace .env."`
	Project  string   `yaml:"project" expand:"colour" convention:"the project that docker compose would use" doc:"The Compose project; with {colour} each colour has its own."`
	Services []string `yaml:"services" expand:"colour" convention:"the services named after the colour" doc:"The services of the colour."`
	OneShot  []string `yaml:"one_shot" convention:"the services that another one waits for with service_completed_successfully" doc:"Services that pass when they end with exit code 0, such as migrations."`
}

// colours is what differs between the colours: variables for Compose, and keys that the user names.
type colours struct {
	Env  map[string]string `yaml:"env" expand:"colour" fill:"environment" doc:"Variables for the Compose files of this colour. ${NAME} is read from the environment."`
	Keys map[string]string `yaml:",inline" expand:"colour" fill:"environment" environment:"port" doc:"The value of {key} for this colour."`
}

type gateSection struct {
	Timeout            autoDuration  `yaml:"timeout" default:"auto" doc:"How long a release may take to become healthy. auto: computed from its healthchecks."`
	Stable             time.Duration `yaml:"stable" default:"5s" doc:"How long all containers must be healthy at the same time."`
	StartInterval      time.Duration `yaml:"start_interval" doc:"The interval of healthchecks during their start_period (engine 25 and newer). It is part of a container's configuration, so a later docker compose up would recreate the containers."`
	WithoutHealthcheck perService    `yaml:"without_healthcheck" word:"every" choice:"refuse running" default:"refuse" doc:"Whether a service without a healthcheck is refused, or passes when it runs: one word for all services, or a word for each: {worker: running}."`
}

// perService is a word for each service, by its name with or without its colour; the one with the key "" is for all.
type perService map[string]string

// running says whether a service, by the key of its name without the colour, passes by running.
func (p perService) running() (all bool, services []string) {
	for name, word := range p {
		switch {
		case word != "running":
		case name == "":
			all = true
		default:
			services = append(services, name)
		}
	}
	slices.Sort(services)
	return all, services
}

type drainSection struct {
	Timeout time.Duration `yaml:"timeout" default:"60s" doc:"How long to wait for the old nginx workers."`
	Then    string        `yaml:"then" choice:"keep stop" default:"keep" doc:"What happens to an old colour that still has requests after that time."`
}

type oldSection struct {
	Keep string `yaml:"keep" choice:"stopped running removed" default:"stopped" doc:"Whether the containers of the retired colour are kept for a rollback."`
}

type bakeSection struct {
	For    time.Duration  `yaml:"for" default:"0s" doc:"How long the new colour is watched after the switch before the old one is retired."`
	Checks []checkSection `yaml:"checks" doc:"Checks that run in addition to checks once nginx serves the colour, such as requests through nginx."`
}

// readFile reads bluegate.yml, then the variables BLUEGATE_… that override it.
func readFile(path, dir string, getenv func(string) string) (File, error) {
	found, err := Find(path, dir)
	if err != nil {
		return File{}, err
	}
	return Parse(found, getenv)
}

func Parse(found Source, getenv func(string) string) (f File, err error) {
	f.getenv = getenv
	if f.values, err = strict.Read(found.Path, found.Text, strict.Environment{Prefix: "BLUEGATE", Getenv: getenv}, &f); err == nil {
		err = f.refusePlainSecrets(found.Mode)
	}
	if err == nil {
		err = f.substituteKeys()
	}
	if err == nil {
		err = f.checkPlaceholders()
	}
	if err != nil {
		return f, &model.InvalidError{Err: err}
	}
	return f, nil
}

// autoDuration is a duration, or the word auto, which is 0.
type autoDuration time.Duration

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *autoDuration) UnmarshalText(text []byte) error {
	if string(text) == "auto" {
		*d = 0
		return nil
	}
	span, err := strict.Duration(string(text))
	if err != nil || span == 0 {
		return errNeitherAutoNorSpan(text)
	}
	*d = autoDuration(span)
	return nil
}
