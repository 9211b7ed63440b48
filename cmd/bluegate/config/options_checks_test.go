package config

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"bluegate/deploy/check"
	"bluegate/deploy/model"
)

func TestChecksAndHooks(t *testing.T) {
	o, _, err := optionsOf(t, `
colours: {blue: {port: 8081}, green: {port: 8082}}
checks:
- {http: "http://127.0.0.1:{port}/health", status: "200-299,304", timeout: 2s, contains: ok, contains_not: maintenance, headers: {X-Colour: "{colour}"}, method: POST, body: "{{}}", redirects: true, latency: 1s}
- {exec: [./look, "{colour}"], from: container, service: "was-{colour}", attempts: 5, passes: 2, interval: 3s}
bake:
  for: 30s
  checks: [{tls: "shop.test:443", days_left: 14}]
hooks: {before_up: [[./migrate, "{colour}"]], after_all: [[./tell], [./log, x]], timeout: 1m}
`)
	if err != nil {
		t.Fatal(err)
	}
	for colour, port := range map[model.Colour]string{model.Blue: "8081", model.Green: "8082"} {
		name := string(colour)
		want := []check.Check{{
			Request:  check.Request{Kind: check.HTTP, Target: "http://127.0.0.1:" + port + "/health", Method: "POST", Headers: map[string]string{"X-Colour": name}, Body: "{{}}", Follow: true, Timeout: 2 * time.Second},
			Want:     check.Want{Statuses: check.Statuses{{First: 200, Last: 299}, {First: 304, Last: 304}}, Contains: "ok", ContainsNot: "maintenance", Latency: time.Second},
			Interval: time.Second, Attempts: 3, Passes: 1,
		}, {
			Request: check.Request{Kind: check.Exec, Argv: []string{"./look", name}, Timeout: 5 * time.Second},
			From:    check.Container, Service: "was-" + name, Interval: 3 * time.Second, Attempts: 5, Passes: 2,
		}}
		if got := o.Settings.Checks[colour]; !reflect.DeepEqual(got, want) {
			t.Errorf("checks of %s:\n%+v\nwant\n%+v", colour, got, want)
		}
		if got := o.Settings.Bake.Checks[colour]; len(got) != 1 || got[0].DaysLeft != 14 || got[0].Kind != check.TLS || o.Settings.Bake.For != 30*time.Second {
			t.Errorf("bake of %s: %+v", colour, o.Settings.Bake)
		}
		hooks := model.Hooks{Timeout: time.Minute, Commands: map[model.Moment][][]string{model.BeforeUp: {{"./migrate", name}}, model.AfterAll: {{"./tell"}, {"./log", "x"}}}}
		if got := o.Settings.Hooks[colour]; !reflect.DeepEqual(got, hooks) {
			t.Errorf("hooks of %s: %+v", colour, got)
		}
	}
}

func TestChecksAndHooksThatAreWrong(t *testing.T) {
	for yml, want := range map[string]string{
		"checks: [{}]\n":                                            `bluegate.yml:1:10: checks[0]: a check needs exactly one of http, tcp, tls, dns, exec`,
		"checks: [{tcp: \"a:1\", dns: a}]\n":                        `exactly one of`,
		"checks: [{http: \"was:3000\"}]\n":                          `"was:3000" is no http:// or https:// URL`,
		"checks: [{tcp: was}]\n":                                    `"was" is no host:port`,
		"checks: [{http: \"http://a/\", status: 2xx}]\n":            `bluegate.yml:1:38: checks[0].status: "2xx" is neither a status nor a range`,
		"checks: [{http: \"http://a/\", from: moon}]\n":             `checks[0].from: invalid value "moon": must be one of client, nginx, container`,
		"checks: [{http: \"http://a/\", from: container}]\n":        `needs service`,
		"checks: [{http: \"http://a/{port}\"}]\n":                   `unknown placeholder {port} for blue`,
		"checks: [{http: \"http://a/\", timeout: 5}]\n":             `checks[0].timeout: invalid duration "5"`,
		"checks: [{http: \"http://a/\", passes: 4, attempts: 3}]\n": `passes: 4 in a row cannot come of 3 attempts`,
		"checks: [{tcp: \"a:1\", contains: ok}]\n":                  `bluegate.yml:1:33: checks[0].contains: not used in a check by tcp`,
		"checks: [{http: \"http://a/\", days_left: 5}]\n":           `checks[0].days_left: not used in a check by http`,
		"checks: [{http: \"https://a/\", ca: nowhere.pem}]\n":       `checks[0].ca: open `,
		"checks: [{exec: [a], from: nginx}]\n":                      `no command is executed from: nginx`,
		"bake: {checks: [{}]}\n":                                    `bake.checks[0]: a check needs exactly one of`,
		"hooks: {before_up: [[]]}\n":                                `hooks.before_up[0]: the command is empty`,
		"hooks: {before_up: [./migrate]}\n":                         `hooks.before_up[0] must be a list`,
		"hooks: {before: [[a]]}\n":                                  `unknown key "before" in hooks`,
	} {
		_, _, err := optionsOf(t, yml)
		var invalid *model.InvalidError
		if !errors.As(err, &invalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v\nwant %s", yml, err, want)
		}
	}
}
