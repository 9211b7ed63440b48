package config

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"bluegate/deploy/check"
	"bluegate/deploy/model"
	"bluegate/watch"
)

func TestWatch(t *testing.T) {
	o, _, err := optionsOf(t, `
watch:
  every: 30s
  listen: 0.0.0.0:80
  down_after: 5
  up_after: 1
  on_unhealthy: restart
  heal: {restarts: 2, within: 30m, backoff: 1s}
  reference: "192.0.2.1:53"
  history: /tmp/shop.db
  keep_days: 30
  keep_mb: 10
  checks:
  - {name: user-service, http: "http://localhost:8000", attempts: 3, samples: 2}
  - {name: mail, tls: "mail.test:465"}
  - {name: from nginx, tcp: "db:5432", from: nginx}
checks:
- {http: "http://{colour}:80/health"}
- {http: "http://{colour}:80/health"}
- {exec: [./look, "{colour}"]}
`)
	if err != nil {
		t.Fatal(err)
	}
	statuses := check.Statuses{{First: 200, Last: 299}}
	want := Watch{
		Every: 30 * time.Second, Listen: "0.0.0.0:80", DownAfter: 5, UpAfter: 1, OnUnhealthy: "restart", Restarts: 2, Within: 30 * time.Minute, Backoff: time.Second,
		Reference: "192.0.2.1:53", History: "/tmp/shop.db", KeepDays: 30, KeepMB: 10,
		Checks: []WatchCheck{
			{"user-service", 2, check.Check{From: check.Client, Request: check.Request{Kind: check.HTTP, Target: "http://localhost:8000", Timeout: 5 * time.Second}, Want: check.Want{Statuses: statuses}, Interval: time.Second, Attempts: 3, Passes: 1}},
			{"mail", 1, check.Check{From: check.Client, Request: check.Request{Kind: check.TLS, Target: "mail.test:465", Timeout: 5 * time.Second}, Want: check.Want{DaysLeft: CertificateDays}, Interval: time.Second, Attempts: 1, Passes: 1}},
			{"from nginx", 1, check.Check{From: check.Nginx, Request: check.Request{Kind: check.TCP, Target: "db:5432", Timeout: 5 * time.Second}, Interval: time.Second, Attempts: 1, Passes: 1}},
		},
		Names: []string{"GET http://{colour}:80/health", "GET http://{colour}:80/health (2)", "exec ./look {colour}"},
	}
	if !reflect.DeepEqual(o.Watch, want) {
		t.Errorf("%+v\nwant\n%+v", o.Watch, want)
	}
}

func TestWatchesAlone(t *testing.T) {
	for yml, want := range map[string]bool{
		"": false,
		"watch: {checks: [{name: a, dns: a.test}]}\n":                                          true,
		"watch: {every: 5s, checks: [{name: a, dns: a.test}]}\nproject: shop\n":                true,
		"watch: {checks: [{name: a, dns: a.test}]}\nnotify: [{url: \"${NOT_SET}\"}]\n":         true,
		"watch: {checks: [{name: a, dns: a.test, from: nginx}]}\n":                             false,
		"watch: {on_unhealthy: restart, checks: [{name: a, dns: a.test}]}\n":                   false,
		"watch: {checks: [{name: a, dns: a.test}]}\nnginx: {container: edge}\n":                false,
		"watch: {checks: [{name: a, dns: a.test}]}\nchecks: [{http: \"http://127.0.0.1/\"}]\n": false,
	} {
		o, _, err := optionsOf(t, yml)
		if err != nil || o.Watch.Alone != want {
			t.Errorf("%q: %v, %v", yml, o.Watch.Alone, err)
		}
	}
}

func TestWatchAndNotifyThatAreWrong(t *testing.T) {
	for yml, want := range map[string]string{
		"watch: {every: 10}\n":                                                `watch.every: invalid duration "10"`,
		"watch: {every: 10ms}\n":                                              `bluegate.yml:1:16: watch.every: must be at least 1s`,
		"watch: {down_after: 0}\n":                                            `watch.down_after: must be at least 1`,
		"watch: {listen: \"9460\"}\n":                                         `watch.listen: "9460" is not host:port`,
		"watch: {on_unhealthy: reboot}\n":                                     `must be one of nothing, restart, rollback`,
		"watch: {heal: {restarts: 5}}\n":                                      `watch.on_unhealthy is nothing`,
		"watch: {checks: [{dns: a.test}]}\n":                                  `bluegate.yml:1:19: watch.checks[0]: the check needs a name`,
		"watch: {checks: [{name: live, dns: a.test}]}\n":                      `is the name of the health of the live colour`,
		"watch: {checks: [{name: \"<b>\", dns: a.test}]}\n":                   `invalid name "<b>"`,
		"watch: {checks: [{name: a, dns: a.test}, {name: a, dns: b.test}]}\n": `watch.checks[1].name: another check is called "a" too`,
		"watch: {checks: [{name: a}]}\n":                                      `exactly one of http, tcp, tls, dns, exec`,
		"watch: {checks: [{name: a, dns: \"{colour}.test\"}]}\n":              `the check is another one for each colour; move it to checks`,
		"watch: {checks: [{name: a, dns: a.test, samples: 11}]}\n":            `must be between 1 and 10`,
		"watch: {checks: [{name: a, dns: a.test, contain: x}]}\n":             `unknown key "contain" in watch.checks[0] (did you mean "contains"?)`,
		"notify: [{on: [down]}]\n":                                            `exactly one of url and url_file is needed`,
		"notify: [{url: \"${A}\", on: [sideways]}]\n":                         `notify[0].on[0]: invalid value "sideways"`,
		"notify: [{url: \"${A}\", remind: 1m}]\n":                             `must be at least 5m0s`,
		"notify: [{url: \"ntfy://ntfy.sh/topic\"}]\n":                         `secret in plain text (notify[0].url)`,
		"notify: [{url_file: nowhere}]\n":                                     `notify[0].url_file: `,
	} {
		_, _, err := optionsOf(t, yml)
		var invalid *model.InvalidError
		if !errors.As(err, &invalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v\nwant %s", yml, err, want)
		}
	}
}

func TestNotify(t *testing.T) {
	dir := t.TempDir()
	writeText(t, filepath.Join(dir, "bluegate.yml"), `
notify:
- {url: "${SLACK_URL}", remind: 1h}
- {url: "${MISSING}", on: [needs-a-person]}
- {url_file: mail.url, on: [down]}
`)
	secret := filepath.Join(dir, "mail.url")
	if err := os.WriteFile(secret, []byte("smtp://me:pw@mail.test/\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	env := func(name string) string { return map[string]string{"SLACK_URL": "slack://token@channel"}[name] }
	if _, _, err := Read(given{"project-directory": dir}, env); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a file that others can read: %v", err)
	}
	if err := os.Chmod(secret, 0o600); err != nil {
		t.Fatal(err)
	}
	o, f, err := Read(given{"project-directory": dir}, env)
	if err != nil {
		t.Fatal(err)
	}
	if len(o.Notify) != 3 || o.Notify[0].URL != "slack://token@channel" || o.Notify[0].Remind != time.Hour || len(o.Notify[0].On) != 6 || o.Notify[0].Finding != nil {
		t.Errorf("%+v", o.Notify)
	}
	if n := o.Notify[1]; n.URL != "" || n.Finding == nil || !strings.Contains(n.Finding.Message, "environment variable MISSING is not set") || !strings.HasSuffix(n.Finding.Place, "bluegate.yml:4:9") {
		t.Errorf("%+v %+v", n, n.Finding)
	}
	if n := o.Notify[2]; n.URL != "smtp://me:pw@mail.test/" || !slices.Equal(n.On, []watch.EventKind{watch.EventDown}) {
		t.Errorf("%+v", n)
	}
	for _, address := range []string{"slack://token@channel", "smtp://me:pw@mail.test/"} {
		if !slices.Contains(f.secrets, address) {
			t.Errorf("%s is not hidden", address)
		}
	}
}
