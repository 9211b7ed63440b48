package load

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"bluegate/testdata/project"

	"bluegate/deploy/gate"
	"bluegate/deploy/model"
)

// blueOf is blue's model of a file that has its services.
func blueOf(t *testing.T, services string) model.Model {
	t.Helper()
	return loaded(t, Options{Dir: project.Folder(t, map[string]string{"compose.blue.yml": services, "compose.green.yml": greenFile})}).Models[model.Blue]
}

func serviceOf(t *testing.T, body string) model.Service {
	t.Helper()
	indented := strings.ReplaceAll(strings.TrimSuffix(body, "\n"), "\n", "\n    ")
	s, ok := blueOf(t, "services:\n  was-blue:\n    image: shop:v1\n    "+indented+"\n  db: {image: db}\n  other-blue: {image: o}\nnetworks: {front: {}, back: {name: shared, external: true}}\n").Service("was-blue")
	if !ok {
		t.Fatal("was-blue is not there")
	}
	return s
}

func TestModelOfAService(t *testing.T) {
	type check func(model.Service) string
	list := func(want string, of func(model.Service) any) check {
		return func(s model.Service) string {
			if got := fmt.Sprint(of(s)); got != want {
				return got + ", want " + want
			}
			return ""
		}
	}
	for body, test := range map[string]check{
		"{}":                           nil,
		"expose: [3000, \"3001/tcp\"]": list("[3000 3001]", func(s model.Service) any { return s.Ports }),
		"ports: [\"8080:80\", \"127.0.0.1:8443:443\", \"53:53/udp\"]\nexpose: [80]": list("[80 443] [8080/tcp 127.0.0.1:8443/tcp 53/udp]", func(s model.Service) any { return fmt.Sprint(s.Ports, s.HostPorts) }),
		"ports: [\"3000\"]": list("[3000] []", func(s model.Service) any { return fmt.Sprint(s.Ports, s.HostPorts) }),
		"hostname: host-b\nnetworks: {front: {ipv4_address: 10.9.0.7}, back: {ipv6_address: \"fd00::7\"}}": list("[10.9.0.7 fd00::7 host-b]", func(s model.Service) any {
			slices.Sort(s.Also)
			return s.Also
		}),
		"container_name: app": list("[was-blue app]", func(s model.Service) any { return s.Hosts }),
		"networks: {front: {aliases: [was-b, x]}, back: {aliases: [x]}}": list("[was-blue shop-was-blue-1 was-b x]", func(s model.Service) any {
			slices.Sort(s.Hosts[2:])
			return s.Hosts
		}),
		"pull_policy: never":           list("never", func(s model.Service) any { return s.PullPolicy }),
		"build: .":                     list("true", func(s model.Service) any { return s.Build }),
		"deploy: {replicas: 3}":        list("3", func(s model.Service) any { return s.Replicas }),
		"scale: 2":                     list("2", func(s model.Service) any { return s.Replicas }),
		"stop_grace_period: 1m30s":     list("1m30s", func(s model.Service) any { return s.StopGrace }),
		"restart: always":              list("1 shop:v1 was-{colour} 0s", func(s model.Service) any { return fmt.Sprint(s.Replicas, " ", s.Image, " ", s.Key, " ", s.StopGrace) }),
		"depends_on: [db, other-blue]": list("[{other-blue service_started}]", func(s model.Service) any { return s.After }),
		"depends_on: {other-blue: {condition: service_healthy}}":                list("[{other-blue service_healthy}]", func(s model.Service) any { return s.After }),
		"depends_on: {other-blue: {condition: service_completed_successfully}}": list("[{other-blue service_completed_successfully}]", func(s model.Service) any { return s.After }),
	} {
		if test == nil {
			continue
		}
		if wrong := test(serviceOf(t, body)); wrong != "" {
			t.Errorf("%s\n\tgives %s", body, wrong)
		}
	}
}

func TestModelOfAProbe(t *testing.T) {
	for body, want := range map[string]struct {
		probe    *gate.Probe
		disabled bool
	}{
		"restart: always":                    {nil, false}, // the image may still have one
		"healthcheck: {disable: true}":       {nil, true},
		"healthcheck: {test: [NONE]}":        {nil, true},
		"healthcheck: {test: [CMD, /probe]}": {&gate.Probe{}, false},
		"healthcheck: {interval: 2s}":        {&gate.Probe{Interval: 2 * time.Second}, false}, // over the image's own
		"healthcheck: {test: exit 0, interval: 1m, timeout: 3s, retries: 5, start_period: 1h}": {&gate.Probe{Interval: time.Minute, Timeout: 3 * time.Second, Retries: 5, StartPeriod: time.Hour}, false},
	} {
		s := serviceOf(t, body)
		if s.ProbeDisabled != want.disabled || (s.Probe == nil) != (want.probe == nil) || s.Probe != nil && *s.Probe != *want.probe {
			t.Errorf("%s: %+v, disabled %t", body, s.Probe, s.ProbeDisabled)
		}
	}
}

func TestOneShots(t *testing.T) {
	m := blueOf(t, `services:
  was-blue:
    image: a
    depends_on: {migrate-blue: {condition: service_completed_successfully}, warm-blue: {condition: service_started}}
  migrate-blue: {image: a}
  warm-blue: {image: a}
`)
	for name, want := range map[string]bool{"was-blue": false, "migrate-blue": true, "warm-blue": false} {
		if s, ok := m.Service(name); !ok || s.OneShot != want {
			t.Errorf("%s: one-shot %t, want %t", name, s.OneShot, want)
		}
	}
	for _, oneShot := range []string{"migrate-{colour}", "migrate-blue"} {
		o := Options{OneShot: []string{oneShot}, Dir: project.Folder(t, map[string]string{"compose.blue.yml": "services:\n  migrate-blue: {image: a}\n", "compose.green.yml": "services:\n  migrate-green: {image: a}\n"})}
		if s, _ := loaded(t, o).Models[model.Blue].Service("migrate-blue"); !s.OneShot {
			t.Errorf("one_shot: [%s] does not reach migrate-blue", oneShot)
		}
	}
}

func TestServicesStandBehindWhatTheyDependOn(t *testing.T) {
	m := blueOf(t, `services:
  a-blue: {image: a, depends_on: [c-blue]}
  b-blue: {image: a, depends_on: [db]}
  c-blue: {image: a, depends_on: [d-blue, b-blue]}
  d-blue: {image: a}
  db: {image: a}
`)
	got := keysOf(m)
	for _, pair := range [][2]string{{"c-blue", "a-blue"}, {"d-blue", "c-blue"}, {"b-blue", "c-blue"}} {
		if slices.Index(got, pair[0]) > slices.Index(got, pair[1]) {
			t.Errorf("%v: %s does not stand behind %s", got, pair[1], pair[0])
		}
	}
	if len(got) != 4 {
		t.Errorf("%v", got)
	}
}

func TestPlaceOfAService(t *testing.T) {
	dir := project.Folder(t, map[string]string{
		"a.yml": "# services: was-blue\nservices:\n  first: {image: a}\n\n  # was-blue:\n  was-blue:\n\n    # what it runs\n    image: a\n  \"quoted-blue\": {image: a}\n  dotted.blue:\n    image: a\n" +
			"  flow-blue: {\n    image: a }\n  alias-blue: &base\n    image: a\n  merged-blue:\n    <<: *base\n  same-blue: *base\n  empty-blue:\n  tail-blue: {image: a}\n" + "x-was-blue:\n  was-blue: {}\n",
		"b.yml":      "services: {was-blue: {image: b}, other: {image: b}}\n",
		"broken.yml": "services:\n was-blue: [\n",
	})
	path := func(name string) string { return filepath.Join(dir, name) }
	for _, test := range []struct {
		files   []string
		service string
		want    string
	}{
		{[]string{"a.yml"}, "first", "a.yml:3"},
		{[]string{"a.yml"}, "was-blue", "a.yml:6"},
		{[]string{"a.yml"}, "quoted-blue", "a.yml:10"},
		{[]string{"a.yml"}, "dotted.blue", "a.yml:11"},
		{[]string{"a.yml"}, "flow-blue", "a.yml:13"},
		{[]string{"a.yml"}, "alias-blue", "a.yml:15"},
		{[]string{"a.yml"}, "merged-blue", "a.yml:17"},
		{[]string{"a.yml"}, "same-blue", "a.yml:19"},
		{[]string{"a.yml"}, "empty-blue", "a.yml:20"},
		{[]string{"a.yml"}, "tail-blue", "a.yml:21"},
		{[]string{"b.yml"}, "was-blue", "b.yml:1"},
		{[]string{"a.yml", "b.yml"}, "was-blue", "b.yml:1"}, // later files override earlier ones
		{[]string{"b.yml", "a.yml"}, "other", "b.yml:1"},
		{[]string{"a.yml", "broken.yml"}, "was-blue", "a.yml:6"},
		{[]string{"a.yml", "missing.yml"}, "nowhere", "a.yml, missing.yml"},
	} {
		var files []string
		for _, f := range test.files {
			files = append(files, path(f))
		}
		if got := strings.ReplaceAll(Locate(files).service(test.service), dir+"/", ""); got != test.want {
			t.Errorf("%s of %v stands at %s, want %s", test.service, test.files, got, test.want)
		}
	}
}

func TestPullPolicyOfAService(t *testing.T) {
	for policy, want := range map[string]struct {
		policy string
		every  time.Duration
	}{
		"always": {"always", 0}, "missing": {"missing", 0}, "never": {"never", 0}, "build": {"build", 0},
		"daily": {"refresh", 24 * time.Hour}, "weekly": {"refresh", 7 * 24 * time.Hour}, "every_2h": {"refresh", 2 * time.Hour}, "every_1w2d": {"refresh", 9 * 24 * time.Hour},
	} {
		if s := serviceOf(t, "pull_policy: "+policy); s.PullPolicy != want.policy || s.RefreshAfter != want.every {
			t.Errorf("%s: %s after %s", policy, s.PullPolicy, s.RefreshAfter)
		}
	}
}
