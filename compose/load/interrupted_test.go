package load

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/docker/compose/v5/pkg/api"

	"bluegate/deploy/model"
)

type loaderFunc func() (*types.Project, error)

func (f loaderFunc) LoadProject(context.Context, api.ProjectLoadOptions) (*types.Project, error) {
	return f()
}

// A library that computes for ever does not keep an interrupted command from ending, with the cause of its context.
func TestInterruptedWhileTheLibraryComputes(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "compose.yml"), []byte("services: {app-blue: {image: a}, app-green: {image: a}}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	signal := errors.New("SIGTERM")
	end := make(chan struct{})
	defer close(end)
	l := Loader{Options: Options{Dir: dir}, Compose: loaderFunc(func() (*types.Project, error) {
		cancel(signal)
		<-end
		return nil, errors.New("too late")
	})}
	_, err := l.Load(ctx)
	if !errors.Is(err, signal) || model.Is[*model.InvalidError](err) {
		t.Errorf("%v", err)
	}
}

// A panic of the library is one of the caller's.
func TestPanicOfTheLibrary(t *testing.T) {
	l := Loader{Compose: loaderFunc(func() (*types.Project, error) { panic("out of range") })}
	defer func() {
		if p := recover(); p != "out of range" {
			t.Errorf("%v", p)
		}
	}()
	_, _ = l.read(t.Context(), api.ProjectLoadOptions{})
}
