package compose

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"

	"bluegate/deploy/model"
	"bluegate/testdata/claim"
	"bluegate/testdata/pace"
)

const (
	shopImage = "bluegate-shop:v1"
	testLabel = "bluegate.test" // its value is the test's own id
	whatToDo  = "testdata/engine/ensure.sh starts an engine, testdata/shop/images.sh makes the image"
)

// A bench is the engine with a project of the test's own on it.
type bench struct {
	t      *testing.T
	engine *Engine
	id     string // the project, and in all names
}

func newBench(t *testing.T) *bench {
	t.Helper()
	t.Parallel()
	pace.Guard(t, 10*time.Minute)
	e, err := Connect(t.Context(), "", "")
	if err != nil {
		t.Fatalf("this test needs a Docker engine: %v; %s", err, whatToDo)
	}
	if _, err := e.ImageInspect(t.Context(), shopImage); err != nil {
		t.Fatalf("this test needs the image %s: %v; %s", shopImage, err, whatToDo)
	}
	var salt [4]byte
	_, _ = rand.Read(salt[:])
	b := &bench{t: t, engine: e, id: "bgtest" + hex.EncodeToString(salt[:])}
	release, err := claim.Claim(b.id)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.clean(); _ = release() })
	return b
}

// clean removes what carries the test's label, or is of its project.
func (b *bench) clean() {
	ctx := context.Background()
	for _, label := range []string{testLabel + "=" + b.id, keptLabel + "=" + b.id, "com.docker.compose.project=" + b.id, "com.docker.compose.project=" + b.id + "-blue", "com.docker.compose.project=" + b.id + "-green"} {
		f := filters.NewArgs(filters.Arg("label", label))
		rows, err := b.engine.ContainerList(ctx, container.ListOptions{All: true, Filters: f})
		if err != nil {
			b.t.Error(err)
		}
		for _, row := range rows {
			if err := removeContainer(ctx, b.engine, row.ID); err != nil {
				b.t.Error(err)
			}
		}
		networks, err := b.engine.NetworkList(ctx, network.ListOptions{Filters: f})
		if err != nil {
			b.t.Error(err)
		}
		for _, n := range networks {
			if err := b.engine.NetworkRemove(ctx, n.ID); err != nil {
				b.t.Error(err)
			}
		}
		volumes, err := b.engine.VolumeList(ctx, volume.ListOptions{Filters: f})
		if err != nil {
			b.t.Error(err)
		}
		for _, v := range volumes.Volumes {
			if err := b.engine.VolumeRemove(ctx, v.Name, true); err != nil {
				b.t.Error(err)
			}
		}
	}
	for _, name := range []string{"bluegate-lock-" + b.id, "bluegate-journal-" + b.id} {
		if err := removeContainer(ctx, b.engine, name); err != nil {
			b.t.Error(err)
		}
	}
}

// run starts a container of the shop that is none of Compose's.
func (b *bench) run(config container.Config, host container.HostConfig) string {
	b.t.Helper()
	id := b.create(config, host)
	if err := b.engine.ContainerStart(b.t.Context(), id, container.StartOptions{}); err != nil {
		b.t.Fatal(err)
	}
	return id
}

func (b *bench) create(config container.Config, host container.HostConfig) string {
	b.t.Helper()
	if config.Image == "" {
		config.Image = shopImage
	}
	if config.Labels == nil {
		config.Labels = map[string]string{}
	}
	config.Labels[testLabel] = b.id
	host.NetworkMode = "none"
	made, err := b.engine.ContainerCreate(b.t.Context(), &config, &host, nil, nil, "")
	if err != nil {
		b.t.Fatal(err)
	}
	return made.ID
}

// all lists the engine's containers, whoever's they are.
func (b *bench) all() []container.Summary {
	b.t.Helper()
	rows, err := b.engine.ContainerList(b.t.Context(), container.ListOptions{All: true})
	if err != nil {
		b.t.Fatal(err)
	}
	return rows
}

func (b *bench) inspect(id string) container.InspectResponse {
	b.t.Helper()
	info, err := b.engine.ContainerInspect(b.t.Context(), id)
	if err != nil {
		b.t.Fatal(err)
	}
	return info
}

// image makes one that nobody else has, and returns its id.
func (b *bench) image(ref string) string {
	b.t.Helper()
	var salt [8]byte
	_, _ = rand.Read(salt[:])
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	if err := errors.Join(w.WriteHeader(&tar.Header{Name: "salt", Mode: 0o644, Size: int64(len(salt)), Typeflag: tar.TypeReg}), errOf(w.Write(salt[:])), w.Close()); err != nil {
		b.t.Fatal(err)
	}
	answer, err := b.engine.ImageImport(b.t.Context(), image.ImportSource{Source: &archive, SourceName: "-"}, ref, image.ImportOptions{Changes: []string{`CMD ["none"]`}})
	if err != nil {
		b.t.Fatal(err)
	}
	defer answer.Close()
	if _, err := io.Copy(io.Discard, answer); err != nil {
		b.t.Fatal(err)
	}
	id := b.imageID(ref)
	b.t.Cleanup(func() {
		_, err := b.engine.ImageRemove(context.Background(), id, image.RemoveOptions{Force: true})
		if err != nil && !errdefs.IsNotFound(err) {
			b.t.Errorf("remove image %s: %v", ref, err)
		}
	})
	return id
}

// containerd says whether the engine has containerd's image store, which gives every image a digest.
func (b *bench) containerd() bool {
	b.t.Helper()
	info, err := b.engine.Info(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	return strings.Contains(fmt.Sprint(info.DriverStatus), "io.containerd.snapshotter.")
}

func errOf[T any](_ T, err error) error { return err }

// imageID is empty where there is none of that name.
func (b *bench) imageID(ref string) string {
	b.t.Helper()
	info, err := b.engine.ImageInspect(b.t.Context(), ref)
	if errdefs.IsNotFound(err) {
		return ""
	}
	if err != nil {
		b.t.Fatal(err)
	}
	return info.ID
}

// stack loads Compose files of the test's own project.
func (b *bench) stack(files map[string]string) (*Stack, model.Application) {
	b.t.Helper()
	for name, text := range files {
		files[name] = "name: " + b.id + "\n" + text
	}
	s, err := New(b.engine, Options{Dir: folder(b.t, files)})
	if err != nil {
		b.t.Fatal(err)
	}
	app, err := s.Load(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	return s, app
}

// eventually waits until something is so; what it says last is why it is not.
func (b *bench) eventually(what string, is func() error) {
	b.t.Helper()
	pace.Until(b.t, what, is)
}

// shopService is one of the shop's, with a fast healthcheck.
func shopService(name string, env ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "  %s:\n    image: %s\n    healthcheck: {test: [CMD, /healthcheck, \"http://127.0.0.1:3000/health\"], interval: 500ms, timeout: 2s, retries: 3}\n    environment:\n      COLOUR: x\n", name, shopImage)
	for _, e := range env {
		k, v, _ := strings.Cut(e, "=")
		fmt.Fprintf(&b, "      %s: %q\n", k, v)
	}
	return b.String()
}
