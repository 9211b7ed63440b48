package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bluegate/deploy/model"
	"bluegate/testdata/shop/load"
	"bluegate/testdata/stand"
)

// A tag moves in the registry, under load: first to a good image, then to a bad one. Each release runs what the tag named when
// it was deployed, on every node, and a rollback brings that back, whatever the tag names by then.
func movedTag(t *testing.T) {
	repository := registryOn(t, "198.18.0.1") + "/shop" // node 1, for all nodes
	env := []string{"SHOP_IMAGE=" + repository, "VERSION=stable"}
	move := func(to string) { t.Helper(); push(t, "bluegate-shop:"+to, repository+":stable") }
	s := newSwarm(t, stand.Options{Config: unhurried})
	move("v1")
	s.deploys(0, model.Started, env, "blue")
	if err := s.StartNginx(); err != nil {
		t.Fatal(err)
	}
	stop := s.load(load.Options{})
	docker(t, "tag", "bluegate-shop:v2", repository+":stable")
	docker(t, "push", "-q", repository+":stable")
	s.deploys(0, model.Promoted, env)
	docker(t, "tag", "bluegate-shop:v3", repository+":stable")
	docker(t, "push", "-q", repository+":stable")
	s.deploys(3, model.Refused, env)
	s.back(0, model.Promoted)
	record := stop()
	t.Logf("\n%s", record)
	nothingLost(t, record, load.AllKinds()...)
	colours(t, record, "blue", "green", "blue")
	if got := versions(record); !slices.Equal(got, []string{"blue v1", "green v2"}) {
		t.Errorf("the clients saw %v", got)
	}
	s.nothingLeft()
}

// The nodes pull from a registry that wants a password with the credentials of whoever deploys. None of them has the image,
// and no task may run where it was pulled for the deployment.
func credentials(t *testing.T) {
	users := filepath.Join(t.TempDir(), "users")
	write(t, users, "deploy:"+registryHash+"\n")
	host := registryOn(t, "198.18.0.1", "auth: {htpasswd: {realm: shops, path: "+users+"}}")
	config := t.TempDir()
	if err := os.Symlink(filepath.Join(os.Getenv("DOCKER_CONFIG"), "cli-plugins"), filepath.Join(config, "cli-plugins")); err != nil {
		t.Fatal(err)
	}
	anonymous := "DOCKER_CONFIG=" + os.Getenv("DOCKER_CONFIG")
	t.Setenv("DOCKER_CONFIG", config)
	docker(t, "login", "-u", "deploy", "-p", registryPassword, host)
	repository := host + "/shop"
	push(t, "bluegate-shop:v1", repository+":v1")
	push(t, "bluegate-shop:v2", repository+":v2")
	edit := func(_, text string) string {
		return strings.ReplaceAll(text, "endpoint_mode: dnsrr}", `endpoint_mode: dnsrr, placement: {constraints: ["node.hostname != node1"]}}`)
	}
	s := newSwarm(t, stand.Options{Edit: edit, Config: unhurried})
	image := "SHOP_IMAGE=" + repository
	s.deploys(0, model.Started, []string{image, "VERSION=v1"}, "blue")
	if err := s.StartNginx(); err != nil {
		t.Fatal(err)
	}
	stop := s.users()
	if r := s.deploys(3, model.Refused, []string{image, "VERSION=v2", anonymous}); len(r.Report.Reasons) == 0 || r.Report.Reasons[0].Code != model.PullFailed {
		t.Errorf("without credentials: %+v", r.Report.Reasons)
	}
	s.deploys(0, model.Promoted, []string{image, "VERSION=v2"})
	s.back(0, model.Promoted)
	stop()
	s.nothingLeft()
}
