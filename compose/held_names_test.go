package compose

import (
	"reflect"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"

	"bluegate/compose/engine"
	"bluegate/deploy/model"
	"bluegate/testdata/enginetest"
)

// Exactly the requested names are kept resolvable, on the networks that nginx and the service share.
func TestHoldNames(t *testing.T) {
	b := enginetest.NewWaiting(t)
	s := &Stack{engine: b.Engine, name: b.ID}
	for _, name := range []string{b.ID + "-front", b.ID + "-back"} {
		if _, err := b.Engine.NetworkCreate(t.Context(), name, network.CreateOptions{Labels: map[string]string{enginetest.TestLabel: b.ID}}); err != nil {
			t.Fatal(err)
		}
	}
	made, err := b.Engine.ContainerCreate(t.Context(), &container.Config{Image: enginetest.ShopImage, Labels: map[string]string{enginetest.TestLabel: b.ID}},
		&container.HostConfig{NetworkMode: container.NetworkMode(b.ID + "-front"), ExtraHosts: []string{"fixed-green:10.0.0.1"}}, nil, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	nginx := made.ID
	defer func() { _ = s.Hold(t.Context(), b.ID, nginx, nil) }()
	on := func(host, network string) model.HeldName {
		return model.HeldName{Colour: model.Green, Host: host, Networks: []string{network}}
	}
	var held *model.NamesReport
	hold := func(names ...model.HeldName) (id string) {
		t.Helper()
		if err := s.CanHold(t.Context(), nginx, names); err != nil {
			t.Fatal(err)
		}
		if err := s.Hold(t.Context(), b.ID, nginx, names); err != nil {
			t.Fatal(err)
		}
		if held, err = s.HeldNames(t.Context(), b.ID); err != nil {
			t.Fatal(err)
		}
		if rows, err := s.holders(t.Context(), b.ID); err != nil || len(rows) > 1 {
			t.Errorf("%d holders, %v", len(rows), err)
		} else if len(rows) == 1 {
			id = rows[0].ID
		}
		return id
	}
	first := hold(on("was-green", b.ID+"-front"), on("signal-green", b.ID+"-front"), on("fixed-green", b.ID+"-back"))
	want := &model.NamesReport{Container: "bluegate-names-" + b.ID, Hosts: []string{"signal-green", "was-green"}, Networks: []string{b.ID + "-front"}}
	if !reflect.DeepEqual(held, want) {
		t.Errorf("held is %+v, want %+v", held, want)
	}
	if again := hold(on("was-green", b.ID+"-front"), on("signal-green", b.ID+"-front")); again != first {
		t.Error("the holder was made again, though it holds what it should")
	}
	info := b.Inspect(first)
	if !info.State.Running || !info.HostConfig.RestartPolicy.IsUnlessStopped() || len(b.Prune(engine.NamesLabel+"="+b.ID)) > 0 {
		t.Errorf("the holder is %s, restart policy %q", info.State.Status, info.HostConfig.RestartPolicy.Name)
	}
	if hold(on("was-green", b.ID+"-front")); !reflect.DeepEqual(held.Hosts, []string{"was-green"}) {
		t.Errorf("held is %+v, want was-green alone", held)
	}
	if hold(); held != nil {
		t.Errorf("held is %+v, want nothing", held)
	}
	if err := s.CanHold(t.Context(), nginx, []model.HeldName{on("was-green", b.ID+"-back")}); err == nil || !strings.Contains(err.Error(), "address-left-over") || !strings.Contains(err.Error(), b.ID+"-back") {
		t.Errorf("a name on a network without nginx: %v", err)
	}
}
