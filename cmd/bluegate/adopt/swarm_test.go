package adopt

import (
	"strings"
	"testing"
	"testing/fstest"
)

// TestInSwarm: a Swarm is proposed where stacks of the colours run, or where the files are meant for one.
func TestInSwarm(t *testing.T) {
	const deploys, plain = "services:\n  was:\n    image: app\n    deploy: {replicas: 2}\n", "services:\n  was: {image: app}\n"
	for name, test := range map[string]struct {
		file  string
		swarm Swarm
		truth Truth
		want  string
	}{
		"deploy sections":     {deploys, Swarm{Manager: true}, nil, "engine: swarm\nproject: folder\n"},
		"a stack runs":        {plain, Swarm{Manager: true, Stacks: []string{"other", "shop-blue"}}, nil, "engine: swarm\nproject: shop\n"},
		"with a database":     {deploys + "  db: {image: postgres}\n", Swarm{Manager: true}, nil, "engine: swarm\nproject: folder\ncompose: {services: [was]}\n"},
		"no deploy section":   {plain, Swarm{Manager: true}, nil, ""},
		"not a manager":       {deploys, Swarm{}, nil, ""},
		"Compose's runs":      {deploys, Swarm{Manager: true}, Truth{{Folder: "/srv/folder", Service: "was"}}, ""},
		"someone else's runs": {deploys, Swarm{Manager: true}, Truth{{Folder: "/srv/other", Service: "was"}}, "engine: swarm\nproject: folder\n"},
	} {
		f := Folder{Path: "/srv/folder", Name: "folder", Files: fstest.MapFS{"compose.yml": {Data: []byte(test.file)}}, Conventional: []string{"compose.yml"}, Swarm: test.swarm, Truth: test.truth}
		f.Look()
		var got []string
		for _, p := range f.InSwarm() {
			got = append(got, p.YAML())
		}
		if text := strings.Join(got, "---\n"); text != test.want {
			t.Errorf("%s: %q, want %q", name, text, test.want)
		}
		for _, p := range f.Candidates() {
			if p.Swarm != (test.want != "") {
				t.Errorf("%s: a candidate is %q", name, p.YAML())
			}
		}
	}
}
