package swarm

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/types"

	"bluegate/deploy/gate"
	"bluegate/deploy/model"
)

// stackOf reads a Compose file as the stack shop-blue with these services.
func stackOf(t *testing.T, text string, services ...string) (*config, error) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "compose.yml")
	for name, content := range map[string]string{file: text, filepath.Join(dir, "key.pem"): "secret", filepath.Join(dir, "app.conf"): "a: 1"} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	m := model.Model{Colour: model.Blue, ComposeProject: "shop-blue", Files: []string{file}}
	for _, name := range services {
		m.Services = append(m.Services, model.Service{Name: name})
	}
	return readConfig(m, &types.Project{WorkingDir: dir, Environment: types.Mapping{"TAG": "v1"}, Configs: types.Configs{"inline": {Content: "b: 2"}}})
}

const stackFile = `
name: shop
services:
  was:
    image: app:${TAG}
    pull_policy: always
    depends_on: {db: {condition: service_healthy}}
    container_name: was
    mem_limit: 100m
    secrets: [key]
    configs: [{source: app, target: /etc/app.conf}, inline]
    networks: [edge, default]
    deploy:
      endpoint_mode: dnsrr
      replicas: 3
      placement: {constraints: ["node.role == worker"]}
      update_config: {order: start-first}
  db: {image: postgres}
secrets: {key: {file: key.pem}, given: {external: true}}
configs: {app: {file: app.conf}, own: {file: app.conf, name: mine}, inline: {content: "b: 2"}}
networks: {edge: {external: true}}
`

// TestSpecs: a stack file as services, with the release's labels, the digest of what was pulled, and names by content.
func TestSpecs(t *testing.T) {
	c, err := stackOf(t, strings.ReplaceAll(stackFile, "    mem_limit: 100m\n", ""), "was")
	if err != nil {
		t.Fatal(err)
	}
	o := origin{"shop", "r1", model.Blue}
	file, content, err := c.contents(o)
	if err != nil {
		t.Fatal(err)
	}
	known := lookup{secrets: map[string]string{}, configs: map[string]string{}}
	for name := range content.secrets {
		known.secrets[name] = "id of " + name
	}
	for name := range content.configs {
		known.configs[name] = "id of " + name
	}
	specs, err := c.specs(file, known, o, map[string]image{"was": {ref: "app:v1@sha256:" + strings.Repeat("0", 64), id: "sha256:1", probe: &gate.Probe{Retries: 3}}})
	if err != nil || len(specs) != 1 {
		t.Fatalf("%v %v", specs, err)
	}
	was := specs["was"]
	task := was.TaskTemplate.ContainerSpec
	var networks []string
	for _, n := range was.TaskTemplate.Networks {
		networks = append(networks, n.Target)
	}
	got := fmt.Sprintln(was.Name, task.Image, *was.Mode.Replicated.Replicas, was.EndpointSpec.Mode, was.TaskTemplate.Placement.Constraints, was.UpdateConfig.Order, networks,
		task.Secrets[0].SecretID, task.Configs[0].ConfigName, task.Configs[0].File.Name, was.Labels["bluegate.release"], task.Labels["bluegate.colour"], was.Labels[probeLabel], imageName(was), digestOf(was))
	want := "shop-blue_was app:v1@sha256:" + strings.Repeat("0", 64) + " 3 dnsrr [node.role == worker] start-first [edge shop-blue_default]" +
		" id of shop-blue_key-2bb80d537b shop-blue_app-16c3c6d786 /etc/app.conf r1 blue 0s 0s 0s 3 app:v1 sha256:1\n"
	if got != want {
		t.Errorf("got  %swant %s", got, want)
	}
	if _, there := content.configs["mine"]; !there || len(content.configs) != 3 || len(content.secrets) != 1 {
		t.Errorf("contents: %v %v", content.secrets, content.configs)
	}
	create, external := c.networks(file)
	if create["shop-blue_default"].Driver != "overlay" || len(create) != 1 || strings.Join(external, "") != "edge" {
		t.Errorf("networks: %v %v", create, external)
	}
}

// TestFindings: what the Swarm ignores is said, once and with its place; what it forbids is an error.
func TestFindings(t *testing.T) {
	c, err := stackOf(t, strings.ReplaceAll(stackFile, "    mem_limit: 100m\n", ""), "was")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range c.findings {
		got = append(got, fmt.Sprintf("%s %s:%s", f.Code, f.Message, f.Place[strings.Index(f.Place, ".yml:")+5:]))
	}
	want := []string{"swarm-ignores the Swarm ignores container_name of was:8:5", "swarm-ignores the Swarm ignores depends_on of was:7:5"}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
	if _, err := stackOf(t, stackFile, "was"); err == nil || !strings.Contains(err.Error(), "mem_limit") || !model.Is[*model.InvalidError](err) {
		t.Errorf("a forbidden key: %v", err)
	}
}

func TestPinned(t *testing.T) {
	digest := "sha256:" + strings.Repeat("a", 64)
	for _, test := range [][]string{
		{"app:v1", "app@" + digest, "app:v1@" + digest},
		{"app", "docker.io/library/app@" + digest, "app:latest@" + digest},
		{"reg:5000/a/app:v1", "reg:5000/a/app@" + digest, "reg:5000/a/app:v1@" + digest},
		{"app:v1", "other/app@" + digest, "app:v1"},
		{"app:v1", "", "app:v1"},
		{"app@" + digest, "app@sha256:" + strings.Repeat("b", 64), "app@" + digest},
	} {
		if got := pinned(test[0], strings.Fields(test[1])); got != test[2] {
			t.Errorf("%s with %s: %s, want %s", test[0], test[1], got, test[2])
		}
	}
}
