package compose

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/docker/compose/v5/pkg/api"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"

	"bluegate/compose/engine"
	"bluegate/compose/load"
	"bluegate/deploy/model"
	"bluegate/testdata/enginetest"
)

func TestRequire(t *testing.T) {
	b := newBench(t)
	file := "services:\n" + shopService("was-blue") + "    container_name: " + b.ID + "-app\n    networks: [edge, own]\n    volumes: [\"files:/files\", \"more:/more\"]\n" + shopService("was-green") +
		"networks:\n  own: {}\n  edge: {name: " + b.ID + "-edge, external: true}\nvolumes:\n  more: {}\n  files: {name: " + b.ID + "-files, external: true}\n"
	s, app := b.stack(map[string]string{"compose.yml": file})
	blue := app.Models[model.Blue]
	stranger := b.named(b.ID + "-app")

	err := s.Require(t.Context(), blue)
	var refused *model.RefusedError
	if !errors.As(err, &refused) || len(refused.Reasons) != 3 {
		t.Fatalf("got %v", err)
	}
	for i, words := range []string{"compose.yml:18:3) does not exist; create it: docker network create " + b.ID + "-edge", "docker volume create " + b.ID + "-files", "container name " + b.ID + "-app is in use"} {
		if r := refused.Reasons[i]; r.Code != model.CreateFailed || r.Service != "was-blue" || !strings.Contains(r.Message, words) {
			t.Errorf("reason %d is %+v, want %q", i, r, words)
		}
	}
	if err := s.Require(t.Context(), app.Models[model.Green]); err != nil {
		t.Errorf("green takes none of it: %v", err)
	}

	if _, err := b.Engine.NetworkCreate(t.Context(), b.ID+"-edge", network.CreateOptions{Labels: map[string]string{"com.docker.compose.project": b.ID}}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Engine.VolumeCreate(t.Context(), volume.CreateOptions{Name: b.ID + "-files"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Engine.VolumeRemove(context.Background(), b.ID+"-files", true) })
	// The container does not run, and the reason says how it is given another name.
	_, command, _ := strings.Cut(refused.Reasons[2].Message, "(docker rename ")
	words := strings.Fields(strings.TrimSuffix(command, ")"))
	if len(words) != 2 || words[0] != b.ID+"-app" {
		t.Fatalf("the reason is %s", refused.Reasons[2])
	}
	if err := b.Engine.ContainerRename(t.Context(), words[0], words[1]); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.RemoveContainer(context.WithoutCancel(t.Context()), b.Engine, stranger) })
	if err := s.Require(t.Context(), blue); err != nil {
		t.Errorf("all is there: %v", err)
	}
	b.up(s, app, "r1")
	if err := s.Require(t.Context(), blue); err != nil {
		t.Errorf("the name is the service's own: %v", err)
	}
}

// named creates a container of someone else with that name.
func (b *bench) named(name string) (id string) {
	b.T.Helper()
	made, err := b.Engine.ContainerCreate(b.T.Context(), &container.Config{Image: enginetest.ShopImage, Labels: map[string]string{enginetest.TestLabel: b.ID}}, nil, nil, nil, name)
	if err != nil {
		b.T.Fatal(err)
	}
	return made.ID
}

// A container of another project has the container name, and serves users: the remedy names the project, and applying it is
// enough. No remedy removes a container.
func TestRequireProposesTheProjectOfATakenName(t *testing.T) {
	b := newBench(t)
	name := b.ID + "-app"
	text := "services:\n" + shopService("was-blue") + "    container_name: " + name + "\n" + shopService("was-green")
	s, app := b.stack(map[string]string{"compose.yml": text})
	made, err := b.Engine.ContainerCreate(t.Context(), &container.Config{Image: enginetest.ShopImage, Labels: map[string]string{
		enginetest.TestLabel: b.ID, api.ProjectLabel: b.ID + "-blue", api.ServiceLabel: "was-blue", api.WorkingDirLabel: "/srv/shop"}}, nil, nil, nil, name)
	if err == nil {
		err = b.Engine.ContainerStart(t.Context(), made.ID, container.StartOptions{})
	}
	if err != nil {
		t.Fatal(err)
	}
	var refused *model.RefusedError
	if err := s.Require(t.Context(), app.Models[model.Blue]); !errors.As(err, &refused) {
		t.Fatalf("got %v", err)
	}
	_, behind, _ := strings.Cut(refused.Error(), "compose: {project: \"")
	project, _, found := strings.Cut(behind, "\"}")
	if !found || !strings.Contains(refused.Error(), "it runs; service was-blue of the Compose project "+b.ID+"-blue, in /srv/shop") || strings.Contains(refused.Error(), "docker rm") {
		t.Fatalf("got %v", refused)
	}
	again, err := New(connection(b.T, b.Engine), load.Options{Dir: s.opts.Dir, Project: project})
	if err != nil {
		t.Fatal(err)
	}
	if app, err = again.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := again.Require(t.Context(), app.Models[model.Blue]); err != nil {
		t.Errorf("with compose.project %s: %v", project, err)
	}
}

// What Compose would start next to the colour is looked at too, and is refused before anything of the release is started.
func TestRequireOfADependency(t *testing.T) {
	b := newBench(t)
	name := b.ID + "-db"
	text := "services:\n" + shopService("was-blue") + "    depends_on: [db]\n" + shopService("was-green") + shopService("db") +
		"    container_name: " + name + "\n    networks: [far]\n    volumes: [\"data:/data\"]\n" +
		"networks: {far: {external: true, name: " + b.ID + "-far}}\nvolumes: {data: {external: true, name: " + b.ID + "-data}}\n"
	s, app := b.stack(map[string]string{"compose.yml": text})
	if _, err := b.Engine.ContainerCreate(t.Context(), &container.Config{Image: enginetest.ShopImage, Labels: map[string]string{enginetest.TestLabel: b.ID}}, nil, nil, nil, name); err != nil {
		t.Fatal(err)
	}
	var refused *model.RefusedError
	if err := s.Require(t.Context(), app.Models[model.Blue]); !errors.As(err, &refused) || len(refused.Reasons) != 3 {
		t.Fatalf("got %v", err)
	}
	for _, want := range []string{"external network " + b.ID + "-far", "external volume " + b.ID + "-data", "container name " + name + " is in use"} {
		if !strings.Contains(refused.Error(), want) {
			t.Errorf("%v does not say %q", refused, want)
		}
	}
	if err := s.Require(t.Context(), app.Models[model.Green]); err != nil {
		t.Errorf("green does not need it: %v", err)
	}
}

func TestRemedyOfATakenNameRemovesNothing(t *testing.T) {
	service := model.Service{Name: "was-blue", ContainerName: "app"}
	for _, test := range []struct {
		owner owner
		want  string
	}{
		{owner{project: "shop-blue", service: "was-blue", running: true}, `compose: {project: "shop-{colour}"}`},
		{owner{project: "old", service: "was-blue"}, `compose: {project: "old"}`},
		{owner{project: "other", service: "web", running: true}, "change container_name"},
		{owner{running: true}, "change container_name"},
		{owner{}, "docker rename app app-before"},
	} {
		got := test.owner.remedy(model.Blue, service)
		if !strings.Contains(got, test.want) || strings.Contains(got, " rm ") || test.owner.running && strings.Contains(got, "docker ") {
			t.Errorf("%+v: %q, want %q", test.owner, got, test.want)
		}
	}
}
