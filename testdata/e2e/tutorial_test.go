package e2e

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"bluegate/testdata/claim"
	"bluegate/testdata/pace"
	"bluegate/testdata/shop/load"
	"bluegate/testdata/stand"
)

// block is a part of a page: a file that a person writes, or commands that a person runs.
var block = regexp.MustCompile("(?s)```(\\w+)\n(?:# ([a-z]\\S*)\n)?(.*?)```")

// The tutorial, as a person follows it from an empty folder: a plain compose.yml runs, is adopted, and has its first
// switch-over; a release is promoted, one is refused, and the first one comes back. Users send requests from the beginning
// and lose none; the database and its volume are never touched.
func TestTutorial(t *testing.T) {
	t.Parallel()
	s := openTutorial(t)
	var stop func() load.Record
	database := ""
	for _, part := range block.FindAllStringSubmatch(textOf(t, filepath.Join(root, "docs", "tutorial.md")), -1) {
		kind, file, text := part[1], part[2], s.words.Replace(part[3])
		if kind != "sh" {
			write(t, filepath.Join(s.Dir, file), text)
			continue
		}
		for line := range strings.Lines(text) {
			s.types(strings.TrimSpace(line))
		}
		if stop == nil { // what runs is what a person had before
			s.serves()
			database = s.identity("db")
			stop = s.load(load.Options{Kinds: []load.Kind{load.NoKeepAlive, load.KeepAlive}, Paths: []string{"/"}, Rate: 60, Workers: 2})
		}
	}
	record := stop()
	nothingLost(t, record, load.NoKeepAlive, load.KeepAlive)
	if now := s.identity("db"); now != database || strings.Count(now, "\n") != 1 {
		t.Errorf("the database was touched, or there are two: %s\nbefore: %s", now, database)
	}
	if blue, green := s.identity("web-blue"), s.identity("web-green"); !strings.Contains(blue, "running") || strings.Contains(green, "running") || s.identity("web") != "" {
		t.Errorf("after the rollback: web-blue %s, web-green %s", blue, green)
	}
	s.before("compose.yml", "nginx/default.conf")
}

// openTutorial is an empty folder with names and a port of its own in place of the page's.
func openTutorial(t *testing.T) *shop {
	t.Helper()
	pace.Guard(t, 15*time.Minute)
	var salt [3]byte
	_, _ = rand.Read(salt[:])
	name := "shop" + hex.EncodeToString(salt[:])
	release, err := claim.Claim(name)
	if err != nil {
		t.Fatal(err)
	}
	dir, port := filepath.Join(t.TempDir(), name), ports(t, 1)[0]
	if err := os.MkdirAll(filepath.Join(dir, "nginx"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		sweep(t, name)
		if err := release(); err != nil {
			t.Error(err)
		}
	})
	return &shop{
		Stand: &stand.Stand{Name: name, Dir: dir, Nginx: name + "-nginx-1", URL: "http://127.0.0.1:" + port, Bluegate: bluegate}, t: t,
		words: strings.NewReplacer("registry.example/shop:", "bluegate-shop:", "image: nginx:", "image: bluegate-nginx:", "8080:80", "127.0.0.1:"+port+":80",
			"name: shop", "name: "+name, "shop-web-1", name+"-web-1", "timeout: 5s", "timeout: 30s"),
	}
}

// types runs a command of the page in the folder, in a shell. The command's comment says its exit code, if that is not 0.
func (s *shop) types(line string) {
	s.t.Helper()
	if line == "" {
		return
	}
	command, comment, _ := strings.Cut(line, " # ")
	want := 0
	if _, err := fmt.Sscanf(comment, "exit code %d", &want); comment != "" && err != nil {
		s.t.Fatalf("%s: what is meant by the comment?", line)
	}
	cmd := exec.CommandContext(s.t.Context(), "sh", "-c", command)
	cmd.Dir = s.Dir
	cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(bluegate)+":"+os.Getenv("PATH"), "DOCKER_CONFIG="+composePlugin(s.t), "BLUEGATE_GATE_STABLE=500ms")
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		s.t.Fatal(err)
	}
	if got := cmd.ProcessState.ExitCode(); got != want {
		s.t.Fatalf("%s: exit code %d, want %d\n%s", line, got, want, out)
	}
	s.t.Logf("$ %s\n%s", line, out)
}

// composePlugin is a folder for DOCKER_CONFIG in which `docker compose` is: testdata/composecli.
func composePlugin(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(filepath.Dir(bluegate), "docker")
	plugin := filepath.Join(dir, "cli-plugins", "docker-compose")
	if _, err := os.Stat(plugin); err == nil {
		return dir
	}
	build := exec.Command("go", "build", "-o", plugin, "./testdata/composecli")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return dir
}

// identity lists the containers of a service, with what tells one life of a container from another, and its volumes.
func (s *shop) identity(service string) string {
	s.t.Helper()
	ids := strings.Fields(docker(s.t, "ps", "-aq", "--no-trunc", "--filter", "label=com.docker.compose.project="+s.Name, "--filter", "label=com.docker.compose.service="+service))
	var out strings.Builder
	for _, id := range ids {
		out.WriteString(strings.TrimSpace(docker(s.t, "inspect", "-f", "{{.Id}} {{.State.Status}} {{.State.StartedAt}} {{range .Mounts}}{{.Name}}{{end}}", id)) + "\n")
	}
	return out.String()
}

// before wants a copy of each file as it was, and the file itself still at its place.
func (s *shop) before(names ...string) {
	s.t.Helper()
	for _, name := range names {
		copies, err := filepath.Glob(filepath.Join(s.Dir, "bluegate-backup", "*", name))
		if err != nil || len(copies) != 1 {
			s.t.Errorf("copies of %s: %v (%v)", name, copies, err)
			continue
		}
		if was := textOf(s.t, copies[0]); was == textOf(s.t, filepath.Join(s.Dir, name)) || strings.Contains(was, "web-blue") {
			s.t.Errorf("the copy of %s is not what it was before:\n%s", name, was)
		}
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
