package nginx

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"maps"
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
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/client"
	"github.com/docker/docker/pkg/stdcopy"

	"bluegate/compose/engine"
	"bluegate/deploy/model"
	"bluegate/nginx/fsys"
	"bluegate/nginx/incontainer"
	"bluegate/nginx/instance"
	"bluegate/testdata/claim"
	"bluegate/testdata/pace"
)

const (
	image      = "bluegate-nginx:1.30"
	shopImage  = "bluegate-shop:v1"
	testLabel  = "bluegate.test" // its value is the test's own id
	whatToDo   = "testdata/engine/ensure.sh starts an engine, testdata/nginx/image.sh and testdata/shop/images.sh make the images"
	beLabelled = "bluegate.test.nginx"
)

// A bench is an engine on which a test sees its own containers only: others may use the same one at the same time.
type bench struct {
	t      *testing.T
	engine *client.Client
	id     string // in all names
	net    string // a network
}

func newBench(t *testing.T) *bench {
	t.Helper()
	t.Parallel()
	pace.Guard(t, 10*time.Minute)
	plain, err := client.NewClientWithOpts(client.FromEnv, client.WithAPIVersionNegotiation())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), pace.Limit(10*time.Second))
	defer cancel()
	for _, name := range []string{image, shopImage} {
		if _, err := plain.ImageInspect(ctx, name); err != nil {
			t.Fatalf("this test needs a Docker engine with %s: %v; %s", name, err, whatToDo)
		}
	}
	var salt [4]byte
	_, _ = rand.Read(salt[:])
	b := &bench{t: t, id: hex.EncodeToString(salt[:])}
	release, err := claim.Claim(b.id)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = release() }) // the last of all
	b.engine, err = client.NewClientWithOpts(client.FromEnv, client.WithAPIVersionNegotiation(),
		client.WithHTTPClient(&http.Client{Transport: blinkers{plain.HTTPClient().Transport, b.id}, CheckRedirect: client.CheckRedirect}))
	if err != nil {
		t.Fatal(err)
	}
	b.net = b.network("net")
	return b
}

// blinkers leave in lists of containers only those of one test. A test's label stands for the real one, which would
// tell every bluegate on this engine that the container is its nginx.
type blinkers struct {
	http.RoundTripper
	id string
}

func (b blinkers) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := b.RoundTripper.RoundTrip(req)
	if err != nil || !strings.HasSuffix(req.URL.Path, "/containers/json") || resp.StatusCode != http.StatusOK {
		return resp, err
	}
	defer resp.Body.Close()
	var all, own []map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&all); err != nil {
		return nil, err
	}
	for _, row := range all {
		labels, _ := row["Labels"].(map[string]any)
		if value, ok := labels[beLabelled]; ok {
			labels[incontainer.Label] = value
		}
		if labels[testLabel] == b.id || labels[engine.SweepLabel] == b.id {
			own = append(own, row)
		}
	}
	text, err := json.Marshal(own)
	resp.Body = io.NopCloser(bytes.NewReader(text))
	resp.ContentLength = int64(len(text))
	return resp, err
}

func (b *bench) network(name string) string {
	b.t.Helper()
	name = "bgtest-" + b.id + "-" + name
	if _, err := b.engine.NetworkCreate(b.t.Context(), name, network.CreateOptions{Labels: map[string]string{testLabel: b.id}}); err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = b.engine.NetworkRemove(context.Background(), name) })
	return name
}

// box is a container to be.
type box struct {
	name     string
	image    string
	cmd      []string
	env      []string
	labels   map[string]string
	mounts   []mount.Mount
	networks []string // empty: the bench's; "none"
	aliases  []string
	host     func(*container.HostConfig)
	user     string
	files    map[string]string // put into its own layer before it starts
	created  bool              // and not started
}

// run creates a container, and removes it when the test ends. It returns its id.
func (b *bench) run(x box) string {
	b.t.Helper()
	ctx := context.WithoutCancel(b.t.Context())
	if x.image == "" {
		x.image = image
	}
	labels := map[string]string{testLabel: b.id}
	maps.Copy(labels, x.labels)
	if len(x.networks) == 0 {
		x.networks = []string{b.net}
	}
	host := &container.HostConfig{NetworkMode: container.NetworkMode(x.networks[0]), Mounts: x.mounts}
	if x.host != nil {
		x.host(host)
	}
	var join *network.NetworkingConfig
	if first := container.NetworkMode(x.networks[0]); first.IsUserDefined() {
		join = &network.NetworkingConfig{EndpointsConfig: map[string]*network.EndpointSettings{x.networks[0]: {Aliases: x.aliases}}}
	}
	config := &container.Config{Image: x.image, User: x.user, Env: x.env, Labels: labels, Healthcheck: &container.HealthConfig{Test: []string{"NONE"}}}
	if x.cmd != nil {
		config.Cmd = x.cmd
	}
	name := b.name(x.name)
	made, err := b.engine.ContainerCreate(ctx, config, host, join, nil, name)
	if err != nil {
		b.t.Fatalf("create %s: %v", name, err)
	}
	b.t.Cleanup(func() {
		if err := b.engine.ContainerRemove(ctx, made.ID, container.RemoveOptions{Force: true, RemoveVolumes: true}); err != nil && !errdefs.IsNotFound(err) {
			b.t.Errorf("remove %s: %v", name, err)
		}
	})
	for _, extra := range x.networks[1:] {
		if err := b.engine.NetworkConnect(ctx, extra, made.ID, nil); err != nil {
			b.t.Fatalf("connect %s to %s: %v", name, extra, err)
		}
	}
	if len(x.files) > 0 {
		b.put(made.ID, x.files)
	}
	if !x.created {
		if err := b.engine.ContainerStart(ctx, made.ID, container.StartOptions{}); err != nil {
			b.t.Fatalf("start %s: %v", name, err)
		}
	}
	return made.ID
}

// nginx runs a container, and waits until an nginx in it serves.
func (b *bench) nginx(x box) string {
	b.t.Helper()
	id := b.run(x)
	b.serves(id)
	return id
}

func (b *bench) serves(id string) {
	b.t.Helper()
	c := b.contained(id)
	b.eventually("nginx starts", func() error {
		s, err := c.Processes(b.t.Context())
		if err == nil && len(s.Workers) == 0 {
			err = errors.New("it has no workers")
		}
		return err
	})
}

func (b *bench) name(name string) string { return "bgtest-" + b.id + "-" + name }

// put writes files into a container; a content that begins with "-> " is a symbolic link.
func (b *bench) put(id string, files map[string]string) {
	b.t.Helper()
	tree := map[string]fsys.Entry{}
	for name, content := range files {
		e := fsys.Entry{Content: []byte(content), Mode: 0o644, ModTime: time.Now().Add(-time.Minute)}
		if target, ok := strings.CutPrefix(content, "-> "); ok {
			e = fsys.Entry{Link: target, Mode: 0o777, ModTime: time.Now()}
		}
		tree[name] = e
	}
	archive, err := incontainer.TarOf(tree)
	if err == nil {
		err = b.engine.CopyToContainer(b.t.Context(), id, "/", archive, container.CopyToContainerOptions{})
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

// contained is a container of which no more is known than its id.
func (b *bench) contained(id string) *incontainer.Nginx {
	return &incontainer.Nginx{Engine: b.engine, Info: container.InspectResponse{ContainerJSONBase: &container.ContainerJSONBase{ID: id}}}
}

// sh runs a command in a container of the test and returns what it printed to both streams.
func (b *bench) sh(id, script string) string {
	b.t.Helper()
	done, err := b.contained(id).Exec(b.t.Context(), "sh", "-c", script)
	if err != nil || done.Code != 0 {
		b.t.Fatalf("%s: exit code %d, %v: %s%s", script, done.Code, err, done.Stdout, done.Stderr)
	}
	return string(done.Stdout) + done.Stderr
}

// app runs one of the shop's containers.
func (b *bench) app(name, port string, aliases ...string) model.Container {
	b.t.Helper()
	colour := strings.TrimPrefix(name, "was-")
	id := b.run(box{name: name, image: shopImage, env: []string{"PORT=" + port, "COLOUR=" + colour}, aliases: append(aliases, name)})
	return b.container(name, id)
}

func (b *bench) container(service, id string) model.Container {
	b.t.Helper()
	info, err := b.engine.ContainerInspect(b.t.Context(), id)
	if err != nil {
		b.t.Fatal(err)
	}
	c := model.Container{Service: service, Name: strings.TrimPrefix(info.Name, "/"), ID: id, Addresses: map[string]string{}}
	for name, n := range info.NetworkSettings.Networks {
		c.Addresses[name] = n.IPAddress
	}
	return c
}

// eventually waits until something is so; what it says last is why it is not.
func (b *bench) eventually(what string, is func() error) {
	b.t.Helper()
	pace.Until(b.t, what, is)
}

// router is one for this bench's nginx, with a helper.
func (b *bench) router(o instance.Options) *Router {
	b.t.Helper()
	if o.Helper == nil {
		o.Helper = helperBinary
	}
	r := New(b.engine, o)
	b.t.Cleanup(func() {
		if err := r.Close(context.Background()); err != nil {
			b.t.Errorf("close: %v", err)
		}
	})
	return r
}

var errNoHelper = errors.New("the helper was not built")

// helperBinary builds the small executable, once, for this machine, whose engine it is.
var helperBinary = func() func(context.Context) ([]byte, []string, error) {
	build := sync.OnceValues(func() ([]byte, error) {
		dir, err := os.MkdirTemp("", "bluegate-helper-")
		if err != nil {
			return nil, err
		}
		defer os.RemoveAll(dir)
		path := filepath.Join(dir, "healthcheck")
		cmd := exec.Command("go", "build", "-o", path, "bluegate/cmd/healthcheck")
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			return nil, errors.Join(errNoHelper, err, errors.New(string(out)))
		}
		return os.ReadFile(path)
	})
	return func(context.Context) ([]byte, []string, error) {
		executable, err := build()
		return executable, []string{"--serve"}, err
	}
}()

// log is all that a container printed, the one stream behind the other.
func (b *bench) log(id string) string {
	b.t.Helper()
	stdout, stderr := b.printed(id)
	return stdout + stderr
}

func (b *bench) printed(id string) (stdout, stderr string) {
	b.t.Helper()
	stream, err := b.engine.ContainerLogs(b.t.Context(), id, container.LogsOptions{ShowStdout: true, ShowStderr: true})
	if err != nil {
		b.t.Fatal(err)
	}
	defer stream.Close()
	var out, errs bytes.Buffer
	if _, err := stdcopy.StdCopy(&out, &errs, stream); err != nil {
		b.t.Fatal(err)
	}
	return out.String(), errs.String()
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func deadline(t *testing.T, after time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(t.Context(), after)
}

// docker runs the docker command.
func (b *bench) docker(args ...string) string {
	b.t.Helper()
	out, err := exec.Command("docker", args...).CombinedOutput()
	if err != nil {
		b.t.Fatalf("docker %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}
