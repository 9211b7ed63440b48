package config

import (
	"time"

	"bluegate/cmd/bluegate/config/strict"
	"bluegate/deploy/model"
)

// File is bluegate.yml. A field's tags are what the reader (package strict), the schema and `bluegate config` know of
// it: choice is a closed list of words, default what holds when nobody gives a value, doc a sentence for editors.
// In a field with expand:"colour", {colour} and the colour's own keys are replaced; in one with fill:"environment", also
// ${NAME}.
type File struct {
	Project string             `yaml:"project" convention:"the Compose project, without the colour" doc:"Names lock, journal and history; without it the Compose project, without the colour."`
	Compose composeSection     `yaml:"compose" doc:"Where the colours' Compose files are, and what in them belongs to a colour."`
	Colours map[string]colours `yaml:"colours" choice:"blue green" doc:"What differs between the colours: each key stands for its value wherever {key} is written."`
	Gate    gateSection        `yaml:"gate" doc:"When a release may take traffic."`
	Checks  []checkSection     `yaml:"checks" doc:"Questions asked of a colour besides Docker's health."`
	Hooks   hooksSection       `yaml:"hooks" doc:"Commands that are run on the way, each a list of its words."`
	Nginx   nginxSection       `yaml:"nginx" doc:"Which nginx is switched, and how."`
	Bake    bakeSection        `yaml:"bake" doc:"How long both colours run after the switch."`
	Drain   drainSection       `yaml:"drain" doc:"How long to wait for requests on the old colour."`
	Old     oldSection         `yaml:"old" doc:"What becomes of the old colour."`

	values *strict.Values
	getenv func(string) string
	filled []string // what came from the environment, by ${NAME}
}

type composeSection struct {
	Files    []string `yaml:"files" expand:"colour" convention:"the Compose files with the usual names" doc:"The Compose files, in Compose's order."`
	Project  string   `yaml:"project" expand:"colour" convention:"what docker compose itself would use" doc:"The Compose project; with {colour} each colour has its own."`
	Services []string `yaml:"services" expand:"colour" convention:"those whose name carries the colour" doc:"The colour's own services."`
	OneShot  []string `yaml:"one_shot" convention:"those that another waits for with service_completed_successfully" doc:"Services that pass by ending with exit code 0, such as migrations."`
}

// colours is what differs between the colours: variables for Compose, and whatever the user names.
type colours struct {
	Env  map[string]string `yaml:"env" expand:"colour" fill:"environment" doc:"Variables that the Compose files see for this colour; ${NAME} is taken from the environment."`
	Keys map[string]string `yaml:",inline" expand:"colour" fill:"environment" environment:"port" doc:"A value of this colour's, which {key} stands for."`
}

type gateSection struct {
	Timeout            autoDuration  `yaml:"timeout" default:"auto" doc:"How long a release may take to become healthy; auto: what its healthchecks need."`
	Stable             time.Duration `yaml:"stable" default:"5s" doc:"How long all containers have to be healthy at once."`
	StartInterval      time.Duration `yaml:"start_interval" doc:"How often a healthcheck is asked during its start_period (engine 25 and newer). It is part of a container's configuration: a later docker compose up would recreate the containers."`
	WithoutHealthcheck string        `yaml:"without_healthcheck" choice:"refuse running" default:"refuse" doc:"Whether a service without a healthcheck is refused, or passes by running."`
}

type drainSection struct {
	Timeout time.Duration `yaml:"timeout" default:"60s" doc:"How long to wait for the old nginx workers."`
	Then    string        `yaml:"then" choice:"keep stop" default:"keep" doc:"What becomes of an old colour that still has requests after that."`
}

type oldSection struct {
	Keep string `yaml:"keep" choice:"stopped running removed" default:"stopped" doc:"Whether the retired colour's containers stay, for rollback."`
}

type bakeSection struct {
	For    time.Duration  `yaml:"for" default:"0s" doc:"How long the new colour is watched after the switch before the old one is retired."`
	Checks []checkSection `yaml:"checks" doc:"Questions asked besides checks once nginx serves the colour: those that come through nginx, as users do."`
}

// readFile reads bluegate.yml, and the environment's BLUEGATE_… over it.
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
		err = f.noSecretInTheClear(found.Mode)
	}
	if err == nil {
		err = f.fillKeys()
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
