// Package enginetest has an engine for a test: a real one with a project of the test's own, or one that is a function.
package enginetest

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"
	"github.com/docker/docker/client"
	"github.com/docker/docker/pkg/stdcopy"

	"bluegate/compose/engine"
	"bluegate/testdata/claim"
	"bluegate/testdata/pace"
)

const (
	ShopImage = "bluegate-shop:v1"
	TestLabel = "bluegate.test" // its value is the test's own id
	whatToDo  = "testdata/engine/ensure.sh starts an engine, testdata/shop/images.sh makes the image"
)

// Bench is the engine with a project of the test's own on it.
type Bench struct {
	T      *testing.T
	Engine *engine.Engine
	ID     string // the project, and in all names
}

func New(t *testing.T) *Bench {
	t.Helper()
	t.Parallel()
	pace.Guard(t, 10*time.Minute)
	c, err := client.NewClientWithOpts(client.FromEnv, client.WithAPIVersionNegotiation())
	if err != nil {
		t.Fatal(err)
	}
	e := &engine.Engine{Client: c, Endpoint: c.DaemonHost()}
	if err := e.SetSkew(t.Context()); err != nil {
		t.Fatalf("this test needs a Docker engine: %v; %s", err, whatToDo)
	}
	if _, err := e.ImageInspect(t.Context(), ShopImage); err != nil {
		t.Fatalf("this test needs the image %s: %v; %s", ShopImage, err, whatToDo)
	}
	var salt [4]byte
	_, _ = rand.Read(salt[:])
	b := &Bench{T: t, Engine: e, ID: "bgtest" + hex.EncodeToString(salt[:])}
	release, err := claim.Claim(b.ID)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.clean(); _ = release() })
	return b
}

// clean removes what carries the test's label, or is of its project.
func (b *Bench) clean() {
	ctx := context.Background()
	for _, label := range []string{TestLabel + "=" + b.ID, engine.KeptLabel + "=" + b.ID, "com.docker.compose.project=" + b.ID, "com.docker.compose.project=" + b.ID + "-blue", "com.docker.compose.project=" + b.ID + "-green"} {
		f := filters.NewArgs(filters.Arg("label", label))
		rows, err := b.Engine.ContainerList(ctx, container.ListOptions{All: true, Filters: f})
		if err != nil {
			b.T.Error(err)
		}
		for _, row := range rows {
			if err := engine.RemoveContainer(ctx, b.Engine, row.ID); err != nil {
				b.T.Error(err)
			}
		}
		networks, err := b.Engine.NetworkList(ctx, network.ListOptions{Filters: f})
		if err != nil {
			b.T.Error(err)
		}
		for _, n := range networks {
			if err := b.Engine.NetworkRemove(ctx, n.ID); err != nil {
				b.T.Error(err)
			}
		}
		volumes, err := b.Engine.VolumeList(ctx, volume.ListOptions{Filters: f})
		if err != nil {
			b.T.Error(err)
		}
		for _, v := range volumes.Volumes {
			if err := b.Engine.VolumeRemove(ctx, v.Name, true); err != nil {
				b.T.Error(err)
			}
		}
	}
	for _, name := range []string{"bluegate-lock-" + b.ID, "bluegate-journal-" + b.ID} {
		if err := engine.RemoveContainer(ctx, b.Engine, name); err != nil {
			b.T.Error(err)
		}
	}
}

// Run starts a container of the shop that is none of Compose's.
func (b *Bench) Run(config container.Config, host container.HostConfig) string {
	b.T.Helper()
	id := b.Create(config, host)
	if err := b.Engine.ContainerStart(b.T.Context(), id, container.StartOptions{}); err != nil {
		b.T.Fatal(err)
	}
	return id
}

func (b *Bench) Create(config container.Config, host container.HostConfig) string {
	b.T.Helper()
	if config.Image == "" {
		config.Image = ShopImage
	}
	if config.Labels == nil {
		config.Labels = map[string]string{}
	}
	config.Labels[TestLabel] = b.ID
	host.NetworkMode = "none"
	made, err := b.Engine.ContainerCreate(b.T.Context(), &config, &host, nil, nil, "")
	if err != nil {
		b.T.Fatal(err)
	}
	return made.ID
}

// All lists the engine's containers, whoever's they are.
func (b *Bench) All() []container.Summary {
	b.T.Helper()
	rows, err := b.Engine.ContainerList(b.T.Context(), container.ListOptions{All: true})
	if err != nil {
		b.T.Fatal(err)
	}
	return rows
}

func (b *Bench) Inspect(id string) container.InspectResponse {
	b.T.Helper()
	info, err := b.Engine.ContainerInspect(b.T.Context(), id)
	if err != nil {
		b.T.Fatal(err)
	}
	return info
}

// Image makes one that nobody else has, and returns its id.
func (b *Bench) Image(ref string) string {
	b.T.Helper()
	var salt [8]byte
	_, _ = rand.Read(salt[:])
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	if err := errors.Join(w.WriteHeader(&tar.Header{Name: "salt", Mode: 0o644, Size: int64(len(salt)), Typeflag: tar.TypeReg}), ErrOf(w.Write(salt[:])), w.Close()); err != nil {
		b.T.Fatal(err)
	}
	answer, err := b.Engine.ImageImport(b.T.Context(), image.ImportSource{Source: &archive, SourceName: "-"}, ref, image.ImportOptions{Changes: []string{`CMD ["none"]`}})
	if err != nil {
		b.T.Fatal(err)
	}
	defer answer.Close()
	if _, err := io.Copy(io.Discard, answer); err != nil {
		b.T.Fatal(err)
	}
	id := b.ImageID(ref)
	b.T.Cleanup(func() {
		_, err := b.Engine.ImageRemove(context.Background(), id, image.RemoveOptions{Force: true})
		if err != nil && !errdefs.IsNotFound(err) {
			b.T.Errorf("remove image %s: %v", ref, err)
		}
	})
	return id
}

// Containerd says whether the engine has containerd's image store, which gives every image a digest.
func (b *Bench) Containerd() bool {
	b.T.Helper()
	info, err := b.Engine.Info(b.T.Context())
	if err != nil {
		b.T.Fatal(err)
	}
	return strings.Contains(fmt.Sprint(info.DriverStatus), "io.containerd.snapshotter.")
}

func ErrOf[T any](_ T, err error) error { return err }

// ImageID is empty where there is none of that name.
func (b *Bench) ImageID(ref string) string {
	b.T.Helper()
	info, err := b.Engine.ImageInspect(b.T.Context(), ref)
	if errdefs.IsNotFound(err) {
		return ""
	}
	if err != nil {
		b.T.Fatal(err)
	}
	return info.ID
}

// Eventually waits until something is so; what it says last is why it is not.
func (b *Bench) Eventually(what string, is func() error) {
	b.T.Helper()
	pace.Until(b.T, what, is)
}

// Prune is `docker container prune`, of a test's own containers.
func (b *Bench) Prune(label string) []string {
	b.T.Helper()
	for {
		report, err := b.Engine.ContainersPrune(b.T.Context(), filters.NewArgs(filters.Arg("label", label)))
		if err == nil {
			return report.ContainersDeleted
		}
		if !strings.Contains(err.Error(), "already running") { // the engine makes one at a time
			b.T.Fatal(err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// Runs waits until a container runs.
func (b *Bench) Runs(name string) {
	b.T.Helper()
	for deadline := time.Now().Add(pace.Limit(20 * time.Second)); ; time.Sleep(20 * time.Millisecond) {
		if b.Inspect(name).State.Running {
			return
		}
		if time.Now().After(deadline) {
			b.T.Fatalf("%s does not run", name)
		}
	}
}

// Intercepted is a client of which each request is seen before it is sent.
func (b *Bench) Intercepted(see func(*http.Request)) *client.Client {
	b.T.Helper()
	c, err := client.NewClientWithOpts(client.FromEnv, client.WithVersion(b.Engine.ClientVersion()), client.WithHTTPClient(&http.Client{Transport: Fake(func(req *http.Request) (*http.Response, error) {
		see(req)
		return b.Engine.HTTPClient().Transport.RoundTrip(req)
	})}))
	if err != nil {
		b.T.Fatal(err)
	}
	return c
}

func (b *Bench) Inspectable(name string) bool {
	b.T.Helper()
	_, err := b.Engine.ContainerInspect(b.T.Context(), name)
	if err != nil && !errdefs.IsNotFound(err) {
		b.T.Fatal(err)
	}
	return err == nil
}

// Failing is a client whose requests do not arrive.
func (b *Bench) Failing(fails func(*http.Request) bool) *client.Client {
	b.T.Helper()
	c, err := client.NewClientWithOpts(client.FromEnv, client.WithVersion(b.Engine.ClientVersion()), client.WithHTTPClient(&http.Client{Transport: Fake(func(req *http.Request) (*http.Response, error) {
		if fails(req) {
			return nil, http.ErrServerClosed
		}
		return b.Engine.HTTPClient().Transport.RoundTrip(req)
	})}))
	if err != nil {
		b.T.Fatal(err)
	}
	return c
}

// waiter builds the executable that waits, once.
var waiter = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "bluegate-waiter-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", filepath.Join(dir, "healthcheck"), "bluegate/cmd/healthcheck")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return out, err
	}
	return os.ReadFile(filepath.Join(dir, "healthcheck"))
})

// NewWaiting is a bench whose containers can run.
func NewWaiting(t *testing.T) *Bench {
	t.Helper()
	b := New(t)
	executable, err := waiter()
	if err != nil {
		t.Fatalf("%v: %s", err, executable)
	}
	b.Engine.Waiter = func(string) ([]byte, []string, error) { return executable, []string{"--wait"}, nil }
	return b
}

// Exec runs a command in a container and returns what it printed. The test fails where the command does.
func (b *Bench) Exec(id string, argv ...string) string {
	b.T.Helper()
	made, err := b.Engine.ContainerExecCreate(b.T.Context(), id, container.ExecOptions{Cmd: argv, AttachStdout: true, AttachStderr: true})
	if err != nil {
		b.T.Fatal(err)
	}
	stream, err := b.Engine.ContainerExecAttach(b.T.Context(), made.ID, container.ExecAttachOptions{})
	if err != nil {
		b.T.Fatal(err)
	}
	defer stream.Close()
	var out bytes.Buffer
	if _, err := stdcopy.StdCopy(&out, &out, stream.Reader); err != nil {
		b.T.Fatal(err)
	}
	info, err := b.Engine.ContainerExecInspect(b.T.Context(), made.ID)
	if err != nil || info.ExitCode != 0 {
		b.T.Fatalf("%q ended with %d, %v: %s", argv, info.ExitCode, err, &out)
	}
	return out.String()
}

// Put writes a file into a container.
func (b *Bench) Put(id, name, content string) {
	b.T.Helper()
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	if err := errors.Join(w.WriteHeader(&tar.Header{Name: strings.TrimPrefix(name, "/"), Mode: 0o644, Size: int64(len(content)), Typeflag: tar.TypeReg}), ErrOf(w.Write([]byte(content))), w.Close()); err != nil {
		b.T.Fatal(err)
	}
	if err := b.Engine.CopyToContainer(b.T.Context(), id, "/", &archive, container.CopyToContainerOptions{}); err != nil {
		b.T.Fatal(err)
	}
}
