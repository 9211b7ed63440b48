package compose

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"

	"bluegate/deploy"
)

func TestRequire(t *testing.T) {
	b := newBench(t)
	file := "services:\n" + shopService("was-blue") + "    container_name: " + b.id + "-app\n    networks: [edge, own]\n    volumes: [\"files:/files\", \"more:/more\"]\n" + shopService("was-green") +
		"networks:\n  own: {}\n  edge: {name: " + b.id + "-edge, external: true}\nvolumes:\n  more: {}\n  files: {name: " + b.id + "-files, external: true}\n"
	s, app := b.stack(map[string]string{"compose.yml": file})
	blue := app.Models[deploy.Blue]
	stranger := b.named(b.id + "-app")

	err := s.Require(t.Context(), blue)
	var refused *deploy.RefusedError
	if !errors.As(err, &refused) || len(refused.Reasons) != 3 {
		t.Fatalf("got %v", err)
	}
	for i, words := range []string{"compose.yml:18:3), and there is none; make it: docker network create " + b.id + "-edge", "docker volume create " + b.id + "-files", "a container is called " + b.id + "-app already"} {
		if r := refused.Reasons[i]; r.Code != deploy.CreateFailed || r.Service != "was-blue" || !strings.Contains(r.Message, words) {
			t.Errorf("reason %d is %+v, want %q", i, r, words)
		}
	}
	if err := s.Require(t.Context(), app.Models[deploy.Green]); err != nil {
		t.Errorf("green takes none of it: %v", err)
	}

	if _, err := b.engine.NetworkCreate(t.Context(), b.id+"-edge", network.CreateOptions{Labels: map[string]string{"com.docker.compose.project": b.id}}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.engine.VolumeCreate(t.Context(), volume.CreateOptions{Name: b.id + "-files"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.engine.VolumeRemove(context.Background(), b.id+"-files", true) })
	if err := removeContainer(t.Context(), b.engine, stranger); err != nil {
		t.Fatal(err)
	}
	if err := s.Require(t.Context(), blue); err != nil {
		t.Errorf("all is there: %v", err)
	}
	b.up(s, app, "r1")
	if err := s.Require(t.Context(), blue); err != nil {
		t.Errorf("the name is the service's own: %v", err)
	}
}

// named is somebody else's container of that name.
func (b *bench) named(name string) (id string) {
	b.t.Helper()
	made, err := b.engine.ContainerCreate(b.t.Context(), &container.Config{Image: shopImage, Labels: map[string]string{testLabel: b.id}}, nil, nil, nil, name)
	if err != nil {
		b.t.Fatal(err)
	}
	return made.ID
}
