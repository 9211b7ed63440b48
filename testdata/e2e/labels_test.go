package e2e

import (
	"os/exec"
	"strings"
	"testing"

	"bluegate/deploy/model"
	"bluegate/testdata/sample"
	"bluegate/testdata/stand"
)

// labelledImage makes an image of the shop's with labels, and removes it in the end.
func labelledImage(t *testing.T, name string, labels ...string) {
	t.Helper()
	text := "FROM bluegate-shop:v1\n"
	for _, label := range labels {
		text += "LABEL " + label + "\n"
	}
	build := exec.Command("docker", "build", "-q", "-t", name, "-")
	build.Stdin = strings.NewReader(text)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("docker build: %v\n%s", err, out)
	}
	t.Cleanup(func() { _, _ = stand.Docker("rmi", "-f", name) })
}

// `docker compose build` labels an image with the project and the service for which it was built. What bluegate makes of
// such an image, a copy of a retired release and helpers, is no container of that service.
func TestImageThatComposeBuilt(t *testing.T) {
	sample.Test(t, 5)
	t.Parallel()
	s := newShop(t, stand.Options{})
	image := s.Name + "-built"
	for _, v := range []string{"v1", "v2"} {
		labelledImage(t, image+":"+v, "com.docker.compose.project="+s.Name, "com.docker.compose.service=was-blue", "com.docker.compose.version=5.5.1", "release="+v)
	}
	env := func(version string) []string { return []string{"SHOP_IMAGE=" + image, "VERSION=" + version} }
	s.deploys(0, model.Started, env("v1"), "blue")
	if err := s.StartNginx(); err != nil {
		t.Fatal(err)
	}
	s.deploys(0, model.Promoted, env("v2"))
	r := s.run(nil, "status")
	for _, c := range r.Report.Containers {
		if strings.HasPrefix(c.Name, "bluegate-") {
			t.Errorf("%s is listed as a container of %s", c.Name, c.Service)
		}
	}
	if back := s.run(env("v1"), "rollback"); back.Code != 0 {
		t.Errorf("rollback: %d\n%s\n%s", back.Code, back.Stdout, back.Stderr)
	}
	s.deploys(0, model.Promoted, env("v2"))
	s.deploys(0, model.Promoted, env("v1"))
}
