package adopt

import (
	"testing"
	"testing/fstest"

	"bluegate/deploy/model"
)

// How it is to be known that a service without a healthcheck is well.
func TestWithChecks(t *testing.T) {
	service := func(name string, published int, ports ...int) model.Service {
		s := model.Service{Name: name, Key: colourPattern(name), Hosts: []string{name}, Ports: ports}
		if published > 0 {
			s.Published = []model.Published{{Port: published, Target: 3000}}
		}
		return s
	}
	for name, test := range map[string]struct {
		script      string
		blue, green model.Service
		want        string
	}{
		"nothing reaches it":     {"", service("worker-blue", 0), service("worker-green", 0), "gate: {without_healthcheck: {worker: running}}\n"},
		"nginx reaches it":       {"", service("web-blue", 0, 3000), service("web-green", 0, 3000), "checks: [{tcp: \"web-{colour}:3000\"}]\n"},
		"a port each":            {"", service("web-blue", 0, 3000), service("web-green", 0, 3001), "colours: {blue: {port: 3000}, green: {port: 3001}}\nchecks: [{tcp: \"web-{colour}:{port}\"}]\n"},
		"the host reaches it":    {"", service("web-blue", 8081), service("web-green", 8082), "colours: {blue: {port: 8081}, green: {port: 8082}}\nchecks: [{tcp: \"127.0.0.1:{port}\"}]\n"},
		"a script asks the host": {"curl -f http://localhost:8082/healthz\n", service("web-blue", 8081), service("web-green", 8082), "colours: {blue: {port: 8081}, green: {port: 8082}}\nchecks: [{http: \"http://127.0.0.1:{port}/healthz\"}]\n"},
		"a script asks inside":   {"NEW=$1\ndocker exec web-$NEW curl -f http://localhost:3000/up\n", service("web-blue", 0, 3000), service("web-green", 0, 3000), "checks: [{http: \"http://web-{colour}:3000/up\"}]\n"},
		"a script asks another":  {"docker exec api curl -f http://localhost:3000/up\n", service("web-blue", 0, 3000), service("web-green", 0, 3000), "checks: [{tcp: \"web-{colour}:3000\"}]\n"},
	} {
		f := Folder{Files: fstest.MapFS{"deploy.sh": {Data: []byte("#!/bin/sh\n" + test.script)}}}
		f.Look()
		app := model.Application{Models: map[model.Colour]model.Model{model.Blue: {Services: []model.Service{test.blue}}, model.Green: {Services: []model.Service{test.green}}}}
		if got := f.WithChecks(Proposal{}, app, []model.Service{test.blue}, nil).YAML(); got != test.want {
			t.Errorf("%s: got\n%swant\n%s", name, got, test.want)
		}
	}
}

// What the scripts of the wild suggest. The trial decides.
func TestHints(t *testing.T) {
	for name, test := range map[string]struct{ file, text, files, project string }{
		"a default":           {"deploy.sh", "docker compose -f ${COMPOSE_FILE:-docker-compose.prod.yml} up -d\n", "docker-compose.prod.yml", ""},
		"an if and its else":  {"deploy.sh", "if x; then\nF=a-blue.yml\nelse\nF=a-green.yml\nfi\ndocker compose -f $F up -d\n", "a-{colour}.yml", ""},
		"a wrapper":           {"deploy.sh", "DOCKER_CMD='sudo docker compose'\n$DOCKER_CMD -f app.yml up -d\n", "app.yml", ""},
		"only the colour":     {"deploy.sh", "NEW=$1\ndocker compose -p $NEW -f docker-compose.$NEW.yml up -d\n", "docker-compose.{colour}.yml", "{colour}"},
		"python":              {"deploy.py", "import sys\ncolor = sys.argv[1]\nrun(f'docker compose -p shop-{color} -f compose.{color}.yml up -d')\n", "compose.{colour}.yml", "shop-{colour}"},
		"jenkins":             {"Jenkinsfile", "sh \"docker compose -p shop-${params.COLOR} up -d\"\n", "", "shop-{colour}"},
		"a workflow":          {".github/workflows/d.yml", "- run: docker compose -p shop-${{ inputs.colour }} up -d\n", "", "shop-{colour}"},
		"a Makefile":          {"Makefile", "up:\n\tdocker compose -p shop-$(COLOUR) \\\n\t-f web.yml up -d\n", "web.yml", "shop-{colour}"},
		"a comment":           {"deploy.sh", "# docker compose -f old.yml up -d\n", "", ""},
		"no script":           {"notes.txt", "docker compose -f old.yml up -d\n", "", ""},
		"a loop of variables": {"deploy.sh", "A=$B\nB=$A\ndocker compose -f $A.yml up\n", "", ""},
	} {
		h := ReadHints(fstest.MapFS{test.file: {Data: []byte(test.text)}})
		files, project := "", ""
		for _, c := range h.Calls {
			for _, list := range c.FileLists() {
				for _, f := range list {
					files = f
				}
			}
			project = first(c.Projects)
		}
		if files != test.files || project != test.project {
			t.Errorf("%s: files %q, project %q, want %q, %q", name, files, project, test.files, test.project)
		}
	}
}

func TestFront(t *testing.T) {
	for image, want := range map[string]string{
		"jwilder/nginx-proxy:1": "nginx-proxy", "jc21/nginx-proxy-manager": "nginx-proxy-manager", "lscr.io/linuxserver/swag:latest": "swag",
		"traefik:v3": "Traefik", "caddy": "Caddy", "lucaslorentz/caddy-docker-proxy": "caddy-docker-proxy", "nginx:1.30": "",
	} {
		says, ok := Truth{{Name: "front", Image: image}}.Front()
		if ok != (want != "") || ok && says[:len("container front is "+want+": ")] != "container front is "+want+": " {
			t.Errorf("%s: %s", image, says)
		}
	}
}
