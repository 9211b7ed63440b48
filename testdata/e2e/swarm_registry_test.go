package e2e

import (
	"slices"
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
