package compose

import (
	"slices"
	"strings"
	"testing"

	"bluegate/deploy/model"
)

// For such containers, the engine records values that it refuses in a new container, and ids of other containers.
func TestReviveWhatSharesWithAnother(t *testing.T) {
	b := newBench(t)
	sidecar := func(name, more string) string {
		return "  " + name + ": {image: \"bluegate-nginx:1.30\", entrypoint: [sleep, \"1000\"], " + more + "}\n" // the image exposes a port
	}
	s, app := b.stack(map[string]string{"compose.yml": "services:\n" + shopService("was-blue") + "    hostname: till\n    domainname: example.test\n    volumes: [/scratch]\n" +
		sidecar("a-proxy-blue", `network_mode: "service:was-blue"`) + sidecar("host-blue", "network_mode: host, uts: host, volumes_from: [was-blue]") + shopService("was-green")})
	before := b.up(s, app, "r1")
	for _, gone := range []string{"a-proxy-blue host-blue was-blue", "a-proxy-blue host-blue was-blue", "was-blue", "a-proxy-blue"} { // again and again
		rec := b.retired(app, before)
		if err := s.Keep(t.Context(), b.ID, rec); err != nil {
			t.Fatal(err)
		}
		if err := s.Remove(t.Context(), slices.DeleteFunc(slices.Clone(before), func(c model.Container) bool { return !strings.Contains(gone, c.Service) })); err != nil {
			t.Fatal(err)
		}
		if err := s.Revive(t.Context(), b.ID, rec, nothingMore); err != nil {
			t.Fatalf("without %s: %v", gone, err)
		}
		after := b.containers(s, app)
		if namesOf(after) != namesOf(before) || len(after) != 3 {
			t.Fatalf("without %s there are\n%s\nwant\n%s", gone, namesOf(after), namesOf(before))
		}
		ids := map[string]string{}
		for _, c := range after {
			if ids[c.Service] = c.ID; !c.Running {
				t.Errorf("without %s, %s is %s", gone, c.Name, c.State)
			}
		}
		proxy, was := b.Inspect(ids["a-proxy-blue"]), b.Inspect(ids["was-blue"])
		if got := string(proxy.HostConfig.NetworkMode); got != "container:"+was.ID {
			t.Errorf("without %s, the sidecar's network is %s, its application is %s", gone, got, was.ID)
		}
		if proxy.Config.Hostname != "till" || proxy.Config.Domainname != "example.test" || was.Config.Hostname != "till" {
			t.Errorf("without %s, the sidecar is called %q %q, its application %q", gone, proxy.Config.Hostname, proxy.Config.Domainname, was.Config.Hostname)
		}
		if got := b.Inspect(ids["host-blue"]).HostConfig.VolumesFrom; !slices.Equal(got, []string{was.ID}) {
			t.Errorf("without %s, the volumes are those of %s, the application is %s", gone, got, was.ID)
		}
		before = after
	}
}

// Containers that are there are only started, with the restart policy that they had.
func TestReviveWhatIsThere(t *testing.T) {
	b := newBench(t)
	s, app := b.stack(map[string]string{"compose.yml": "services:\n" + shopService("was-blue") + "    restart: always\n" + shopService("was-green")})
	before := b.up(s, app, "r1")
	rec := b.retired(app, before)
	if err := s.Retire(t.Context(), before); err != nil {
		t.Fatal(err)
	}
	if err := s.Revive(t.Context(), b.ID, rec, nothingMore); err != nil {
		t.Fatal(err)
	}
	after := b.containers(s, app)
	if len(after) != 1 || after[0].ID != before[0].ID || !after[0].Running || after[0].RestartPol != "always" {
		t.Errorf("there is %+v", after)
	}
	if err := s.Remove(t.Context(), after); err != nil {
		t.Fatal(err)
	}
	if err := s.Revive(t.Context(), b.ID, rec, nothingMore); err == nil || !strings.Contains(err.Error(), "so is its saved configuration") {
		t.Errorf("of nothing: %v", err)
	}
}

func TestRestartPolicies(t *testing.T) {
	for _, text := range []string{"no", "always", "unless-stopped", "on-failure", "on-failure:3"} {
		if got := policyText(parsePolicy(text)); got != text {
			t.Errorf("%q is read as %q", text, got)
		}
	}
	if got := policyText(parsePolicy("")); got != "no" {
		t.Errorf("none is read as %q", got)
	}
}
