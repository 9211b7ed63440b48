package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bluegate/testdata/pace"
	"bluegate/testdata/sample"
	"bluegate/testdata/shop/load"
	"bluegate/testdata/stand"
)

// docs/swarm.md, as a person follows it: three machines become a Swarm, the first colour is started, a release is promoted
// and rolled back. Users send requests from the moment at which nginx runs, and lose none.
func TestSwarmPage(t *testing.T) {
	if !lab {
		sample.Named(t, "e2e-swarm")
		inLab(t, 0)
		return
	}
	pace.Guard(t, 15*time.Minute)
	port := ports(t, 1)[0]
	s := &shop{
		Stand: &stand.Stand{Name: "shop", Dir: filepath.Join(t.TempDir(), "shop"), Nginx: "edge", URL: "http://127.0.0.1:" + port, Bluegate: bluegate, Swarm: true}, t: t,
		words: strings.NewReplacer("registry.example/shop:", "bluegate-shop:", "nginx:1.30", "bluegate-nginx:1.30", "8080:80", "127.0.0.1:"+port+":80", "10.0.0.1", "198.18.0.1", "timeout: 5s", "timeout: 30s"),
	}
	if err := os.MkdirAll(filepath.Join(s.Dir, "nginx"), 0o755); err != nil {
		t.Fatal(err)
	}
	machines := map[string]string{"# on the second machine": "BLUEGATE_SWARM_NODE2", "# on the third machine": "BLUEGATE_SWARM_NODE3"}
	var stop func() load.Record
	commands := 0
	for _, part := range block.FindAllStringSubmatch(textOf(t, filepath.Join(root, "docs", "swarm.md")), -1) {
		kind, file, text := part[1], part[2], s.words.Replace(part[3])
		if kind != "sh" {
			write(t, filepath.Join(s.Dir, file), text)
			continue
		}
		t.Setenv("DOCKER_HOST", os.Getenv("BLUEGATE_SWARM_NODE1"))
		for line := range strings.Lines(text) {
			line = strings.TrimSpace(line)
			if machine, ok := machines[line]; ok {
				t.Setenv("TOKEN", docker(t, "swarm", "join-token", "--quiet", "manager"))
				t.Setenv("DOCKER_HOST", os.Getenv(machine))
				continue
			}
			s.types(line)
			commands++
			if strings.HasPrefix(line, "docker run") {
				t.Setenv("DOCKER_HOST", os.Getenv("BLUEGATE_SWARM_NODE1"))
				if err := s.AwaitNginx(); err != nil {
					t.Fatal(err)
				}
				stop = s.load(load.Options{Kinds: []load.Kind{load.NoKeepAlive, load.KeepAlive}, Paths: []string{"/"}, Rate: 60, Workers: 2})
			}
		}
	}
	record := stop()
	t.Logf("\n%s", record)
	nothingLost(t, record, load.NoKeepAlive, load.KeepAlive)
	colours(t, record, "blue", "green", "blue")
	if commands != 10 {
		t.Errorf("the page has %d commands", commands)
	}
	t.Setenv("DOCKER_HOST", os.Getenv("BLUEGATE_SWARM_NODE1"))
	for n := range 3 { // each node has a task of blue
		if on := onNode(t, n+1, "ps", "-q", "--filter", "name=shop-blue_was"); len(strings.Fields(on)) != 1 {
			t.Errorf("node %d runs %q", n+1, on)
		}
	}
}
