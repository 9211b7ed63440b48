package e2e

import (
	"context"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"bluegate/deploy/model"
	"bluegate/testdata/pace"
	"bluegate/testdata/sample"
	"bluegate/testdata/stand"
)

// installed makes sure that a program is there.
func installed(t *testing.T, program, pkg string) {
	t.Helper()
	if _, err := exec.LookPath(program); err == nil {
		return
	}
	if out, err := exec.Command(filepath.Join(root, "testdata", "e2e", "packages.sh"), pkg).CombinedOutput(); err != nil {
		t.Fatalf("this test needs %s: %v\n%s", program, err, out)
	}
}

// registry runs the distribution's registry on loopback, where the engine speaks plain HTTP to it.
func registry(t *testing.T, more ...string) (address string) {
	t.Helper()
	return registryOn(t, "127.0.0.1", more...)
}

// registryOn runs it on an address of this host.
func registryOn(t *testing.T, host string, more ...string) (address string) {
	t.Helper()
	const program = "docker-registry"
	installed(t, program, "docker-registry")
	l, err := net.Listen("tcp", host+":0")
	if err != nil {
		t.Fatal(err)
	}
	address = l.Addr().String()
	_ = l.Close()
	dir := t.TempDir()
	config := filepath.Join(dir, "config.yml")
	text := fmt.Sprintf("version: 0.1\nstorage: {filesystem: {rootdirectory: %s}}\nhttp: {addr: %s}\nlog: {level: error, accesslog: {disabled: true}}\n", dir, address) + strings.Join(more, "\n")
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, program, "serve", config)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); _ = cmd.Wait() })
	pace.Until(t, "the registry answers", func() error {
		resp, err := http.Get("http://" + address + "/v2/")
		if err != nil {
			return err
		}
		return resp.Body.Close()
	})
	return address
}

// push puts an image into the registry under a name and leaves none of it on the engine.
func push(t *testing.T, from, to string) {
	t.Helper()
	docker(t, "tag", from, to)
	docker(t, "push", "-q", to)
	docker(t, "rmi", to)
}

// A release whose images came from a registry: promoted, they stay; refused, they go, and a tag that had moved names
// again what it named before.
func TestImagesOfARegistry(t *testing.T) {
	sample.Test(t, 7)
	t.Parallel()
	repository := registry(t) + "/shop"
	// The same bits under another name would be the same image, which something else uses: each is built apart.
	for _, v := range [][]string{{"reg1"}, {"reg2"}, {"reg3", "NEVER_HEALTHY=1"}} {
		if err := stand.Tag(root, v[0], v[1:]...); err != nil {
			t.Fatal(err)
		}
		push(t, "bluegate-shop:"+v[0], repository+":"+v[0])
		docker(t, "rmi", "bluegate-shop:"+v[0])
	}
	image := "SHOP_IMAGE=" + repository
	t.Cleanup(func() {
		for _, tag := range []string{"reg1", "reg2", "reg3", "stable"} {
			_, _ = stand.Docker("rmi", "-f", repository+":"+tag)
		}
	})
	s := newShop(t, stand.Options{})
	s.deploys(0, model.Started, []string{image, "VERSION=reg1"}, "blue")
	if err := s.StartNginx(); err != nil {
		t.Fatal(err)
	}
	r := s.deploys(0, model.Promoted, []string{image, "VERSION=reg2"})
	if hasFinding(r, "local-image") {
		t.Errorf("an image of a registry is taken for a local one: %v", r.Report.Findings)
	}
	docker(t, "image", "inspect", repository+":reg1")

	s.deploys(3, model.Refused, []string{image, "VERSION=reg3"})
	if _, err := stand.Docker("image", "inspect", repository+":reg3"); err == nil {
		t.Errorf("the image of the refused release is left")
	}

	// stable names reg2 on the engine, and reg3 in the registry by now.
	docker(t, "tag", repository+":reg2", repository+":stable")
	docker(t, "push", "-q", repository+":stable")
	before := docker(t, "image", "inspect", "-f", "{{.Id}}", repository+":stable")
	docker(t, "pull", "-q", repository+":reg3")
	docker(t, "tag", repository+":reg3", repository+":stable")
	docker(t, "push", "-q", repository+":stable")
	bad := docker(t, "image", "inspect", "-f", "{{.Id}}", repository+":reg3")
	docker(t, "tag", repository+":reg2", repository+":stable")
	docker(t, "rmi", repository+":reg3")
	r = s.deploys(3, model.Refused, []string{image, "VERSION=stable"})
	if got := docker(t, "image", "inspect", "-f", "{{.Id}}", repository+":stable"); got != before {
		t.Errorf("the tag names %s, and named %s before", got, before)
	}
	if _, err := stand.Docker("image", "inspect", bad); err == nil {
		t.Errorf("the image of the refused release is left; pruned: %v", r.Report.Pruned.Images)
	}
	// A registry that does not answer refuses, and says what it was asked for.
	r = s.deploys(3, model.Refused, []string{"SHOP_IMAGE=127.0.0.1:1/shop", "VERSION=v9"})
	if reason := r.Report.Reasons[0]; reason.Code != model.PullFailed || !strings.Contains(reason.Message, "127.0.0.1:1/shop:v9") {
		t.Errorf("the reason is %s", reason)
	}
}

// The password of a private registry, as htpasswd -B has it.
const (
	registryPassword = "correct-horse-4711"
	registryHash     = "$2b$05$h6.6G4YHsMTARvGnhKOHmuOqCn8BXhzp6iwtqGWJPMuUbBYpj3bFy"
)

// A private registry: credentials are those that `docker login` left, and are told to nobody.
func TestImagesOfAPrivateRegistry(t *testing.T) {
	sample.Test(t, 7)
	t.Parallel()
	users := filepath.Join(t.TempDir(), "htpasswd")
	if err := os.WriteFile(users, []byte("deploy:"+registryHash+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	address := registry(t, "auth: {htpasswd: {realm: shop, path: "+users+"}}")
	s := openShop(t, stand.Options{})
	image := address + "/" + s.Name
	if err := stand.Tag(root, s.Name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = stand.Docker("rmi", "-f", "bluegate-shop:"+s.Name, image+":"+s.Name) })

	known, wrong := t.TempDir(), t.TempDir()
	docker(t, "--config", known, "login", "-u", "deploy", "-p", registryPassword, address)
	docker(t, "tag", "bluegate-shop:"+s.Name, image+":"+s.Name)
	docker(t, "--config", known, "push", "-q", image+":"+s.Name)
	docker(t, "rmi", image+":"+s.Name, "bluegate-shop:"+s.Name)
	secret := base64.StdEncoding.EncodeToString([]byte("deploy:wrong-" + registryPassword))
	if err := os.WriteFile(filepath.Join(wrong, "config.json"), fmt.Appendf(nil, `{"auths":{%q:{"auth":%q}}}`, address, secret), 0o600); err != nil {
		t.Fatal(err)
	}

	env := []string{"SHOP_IMAGE=" + image, "VERSION=" + s.Name}
	for name, config := range map[string]string{"without credentials": t.TempDir(), "with wrong ones": wrong} {
		r := s.deploys(3, model.Refused, append(env, "DOCKER_CONFIG="+config))
		if reason := r.Report.Reasons[0]; reason.Code != model.PullFailed || !strings.Contains(reason.Message, image) {
			t.Errorf("%s: the reason is %s", name, reason)
		}
		for _, word := range []string{registryPassword, secret} {
			if strings.Contains(r.Stdout+r.Stderr, word) {
				t.Errorf("%s: the output tells %q:\n%s%s", name, word, r.Stdout, r.Stderr)
			}
		}
	}
	s.deploys(0, model.Promoted, append(env, "DOCKER_CONFIG="+known))
}
