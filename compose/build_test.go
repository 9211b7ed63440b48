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
	"bluegate/testdata/enginetest"
)

// building returns a stack whose image is built from a Dockerfile of the test.
func (b *bench) building(dockerfile string) (*Stack, model.Application, string) {
	b.T.Helper()
	s, app := b.stack(map[string]string{"compose.yml": "services:\n  was-blue:\n    image: " + b.ID + ":built\n    build: ./app\n" + shopService("was-green")})
	dir := filepath.Join(s.opts.Dir, "app")
	if err := errors.Join(os.Mkdir(dir, 0o755), os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte(dockerfile), 0o644), os.WriteFile(filepath.Join(dir, "file"), []byte(b.ID), 0o644)); err != nil {
		b.T.Fatal(err)
	}
	b.T.Cleanup(func() {
		_, _ = b.Engine.ImageRemove(context.Background(), b.ID+":built", image.RemoveOptions{Force: true, PruneChildren: true})
	})
	return s, app, dir
}

func TestBuild(t *testing.T) {
	b := newBench(t)
	for _, c := range b.All() { // the builder's own container is gone too
		if strings.Contains(c.Command, b.ID) {
			t.Errorf("the failed build left container %s", c.ID)
		}
	}
	s, app, dir := b.building("FROM " + enginetest.ShopImage + "\nCOPY file /file\n")
	blue := app.Models[model.Blue]
	if err := s.Build(t.Context(), blue, []string{"was-blue"}, untold); err != nil {
		t.Fatal(err)
	}
	first := b.ImageID(b.ID + ":built")
	if images, err := s.Images(t.Context(), blue); err != nil || images[0].ID != first || first == "" || images[0].FromPull != b.Containerd() || images[0].Tagged.IsZero() {
		t.Errorf("%+v, %v", images, err)
	}
	if err := s.Build(t.Context(), blue, []string{"was-blue"}, untold); err != nil || b.ImageID(b.ID+":built") != first {
		t.Errorf("the same source gave another image, %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "file"), []byte("changed "+b.ID), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := s.Build(t.Context(), blue, []string{"was-blue"}, untold); err != nil || b.ImageID(b.ID+":built") == first {
		t.Errorf("a changed source gave the same image, %v", err)
	}
	if _, err := b.Engine.ImageRemove(t.Context(), first, image.RemoveOptions{Force: true}); err != nil {
		t.Error(err)
	}
}

func TestBuildThatFails(t *testing.T) {
	b := newBench(t)
	s, app, _ := b.building("FROM bluegate-nginx:1.30\nRUN echo the last words of " + b.ID + " && exit 7\n")
	err := s.Build(t.Context(), app.Models[model.Blue], []string{"was-blue"}, untold)
	var refused *model.RefusedError
	if !errors.As(err, &refused) || len(refused.Reasons) != 1 {
		t.Fatalf("got %v", err)
	}
	r := refused.Reasons[0]
	if r.Code != model.BuildFailed || r.Service != "was-blue" || !strings.Contains(r.Message, b.ID+":built") || !strings.Contains(r.Message, "compose.yml:3") || !strings.Contains(r.Message, "7") {
		t.Errorf("%+v", r)
	}
	if log := strings.Join(r.LogTail, "\n"); !strings.Contains(log, "the last words") || strings.Contains(log, "\x1b") {
		t.Errorf("its log:\n%s", log)
	}
	s, app, dir := b.building("FROM " + enginetest.ShopImage + "\nCOPY nothing /file\n")
	if err := s.Build(t.Context(), app.Models[model.Blue], []string{"was-blue"}, untold); err == nil || !strings.Contains(err.Error(), "nothing") {
		t.Errorf("without %s/nothing: %v", dir, err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	why := fmt.Errorf("stop")
	cancel(why)
	if err := s.Build(ctx, app.Models[model.Blue], []string{"was-blue"}, untold); !errors.Is(err, why) {
		t.Errorf("a build that was stopped: %v", err)
	}
}
