package compose

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/image"

	"bluegate/deploy/model"
)

// building is a stack whose image is built from a Dockerfile of the test's.
func (b *bench) building(dockerfile string) (*Stack, model.Application, string) {
	b.t.Helper()
	s, app := b.stack(map[string]string{"compose.yml": "services:\n  was-blue:\n    image: " + b.id + ":built\n    build: ./app\n" + shopService("was-green")})
	dir := filepath.Join(s.opts.Dir, "app")
	if err := errors.Join(os.Mkdir(dir, 0o755), os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte(dockerfile), 0o644), os.WriteFile(filepath.Join(dir, "file"), []byte(b.id), 0o644)); err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() {
		_, _ = b.engine.ImageRemove(context.Background(), b.id+":built", image.RemoveOptions{Force: true, PruneChildren: true})
	})
	return s, app, dir
}

func TestBuild(t *testing.T) {
	b := newBench(t)
	for _, c := range b.all() { // the builder's own container is gone too
		if strings.Contains(c.Command, b.id) {
			t.Errorf("the failed build left container %s", c.ID)
		}
	}
	s, app, dir := b.building("FROM " + shopImage + "\nCOPY file /file\n")
	blue := app.Models[model.Blue]
	if err := s.Build(t.Context(), blue, []string{"was-blue"}); err != nil {
		t.Fatal(err)
	}
	first := b.imageID(b.id + ":built")
	if images, err := s.Images(t.Context(), blue); err != nil || images[0].ID != first || first == "" || images[0].FromPull != b.containerd() || images[0].Tagged.IsZero() {
		t.Errorf("%+v, %v", images, err)
	}
	if err := s.Build(t.Context(), blue, []string{"was-blue"}); err != nil || b.imageID(b.id+":built") != first {
		t.Errorf("the same source gave another image, %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "file"), []byte("changed "+b.id), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := s.Build(t.Context(), blue, []string{"was-blue"}); err != nil || b.imageID(b.id+":built") == first {
		t.Errorf("a changed source gave the same image, %v", err)
	}
	if _, err := b.engine.ImageRemove(t.Context(), first, image.RemoveOptions{Force: true}); err != nil {
		t.Error(err)
	}
}

func TestBuildThatFails(t *testing.T) {
	b := newBench(t)
	s, app, _ := b.building("FROM bluegate-nginx:1.30\nRUN echo the last words of " + b.id + " && exit 7\n")
	err := s.Build(t.Context(), app.Models[model.Blue], []string{"was-blue"})
	var refused *model.RefusedError
	if !errors.As(err, &refused) || len(refused.Reasons) != 1 {
		t.Fatalf("got %v", err)
	}
	r := refused.Reasons[0]
	if r.Code != model.BuildFailed || r.Service != "was-blue" || !strings.Contains(r.Message, b.id+":built") || !strings.Contains(r.Message, "compose.yml:3") || !strings.Contains(r.Message, "7") {
		t.Errorf("%+v", r)
	}
	if log := strings.Join(r.LogTail, "\n"); !strings.Contains(log, "the last words") || strings.Contains(log, "\x1b") {
		t.Errorf("its log:\n%s", log)
	}
	s, app, dir := b.building("FROM " + shopImage + "\nCOPY nothing /file\n")
	if err := s.Build(t.Context(), app.Models[model.Blue], []string{"was-blue"}); err == nil || !strings.Contains(err.Error(), "nothing") {
		t.Errorf("without %s/nothing: %v", dir, err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	why := fmt.Errorf("stop")
	cancel(why)
	if err := s.Build(ctx, app.Models[model.Blue], []string{"was-blue"}); !errors.Is(err, why) {
		t.Errorf("a build that was stopped: %v", err)
	}
}
