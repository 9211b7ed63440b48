package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"bluegate/deploy/model"
	"bluegate/testdata/sample"
	"bluegate/testdata/stand"
)

// bluegate in a container that has the engine's socket, the project's folder and no network: a path of the host is not
// its own, and neither is an address. The image holds no shell and nothing of Docker's.
func TestInsideAContainer(t *testing.T) {
	sample.Test(t, 7)
	t.Parallel()
	s := openShop(t, stand.Options{})
	socket := engineSocket(t)
	files := t.TempDir() // without nginx's configuration, which only nginx's container shows
	for _, name := range []string{"compose.blue-deploy.yml", "compose.green-deploy.yml", "bluegate.yml"} {
		if err := os.WriteFile(filepath.Join(files, name), []byte(readFile(t, filepath.Join(s.Dir, name))), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	wrapper := filepath.Join(t.TempDir(), "bluegate")
	script(t, wrapper, fmt.Sprintf(`exec docker run --rm --network none --label com.docker.compose.project=%s-ci \
  -v %s:/opt:ro -v %s:/project:ro -v %s:/var/run/docker.sock -e VERSION -w /project \
  --entrypoint /opt/bluegate bluegate-shop:v1 "$@"`, s.Name, filepath.Dir(bluegate), files, socket))
	s.Bluegate = wrapper
	s.deploysRemotely()
	s.deploys(0, model.Promoted, []string{"VERSION=v1"}, "blue")
	if got := s.conf(); !strings.Contains(got, "was-blue:3000   max_fails=0;") || strings.Contains(got, "server   was-green") {
		t.Errorf("there and back, the engine's host has\n%s", got)
	}
	s.nothingLeft()
}

// engineSocket is the Unix socket by which this machine's docker command reaches the engine.
func engineSocket(t *testing.T) string {
	t.Helper()
	host := os.Getenv("DOCKER_HOST")
	if host == "" {
		out, err := exec.Command("docker", "context", "inspect", "-f", "{{.Endpoints.docker.Host}}").Output()
		if err != nil {
			t.Fatal(err)
		}
		host = strings.TrimSpace(string(out))
	}
	path, ok := strings.CutPrefix(host, "unix://")
	if !ok {
		t.Fatalf("this test needs an engine behind a Unix socket, and it is at %s", host)
	}
	return path
}
