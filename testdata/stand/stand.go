// Package stand sets up the demo shop behind an nginx of its own, under names of its own, so that several can stand on
// one engine. The demo and the end-to-end tests deploy into it with the built binary, as a user does.
//
// It speaks to the engine with the docker command and not with bluegate's own code: what it says is evidence.
package stand

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"bluegate/deploy/report"
	"bluegate/testdata/claim"
	"bluegate/testdata/pace"
	"bluegate/testdata/shop/load"
)

// Options choose what stands.
type Options struct {
	Name   string // of the project; empty: one of its own
	Nginx  string // version, 1.30 or 1.22; empty: 1.30
	Conf   string // nginx's default.conf; empty: the demo's
	Config string // bluegate.yml; empty: none
	// Edit changes a colour's Compose file before it is written.
	Edit func(colour, text string) string
}

// Stand is one shop. Close it.
type Stand struct {
	Name     string
	Dir      string // the project directory
	Conf     string // default.conf, on the host
	Nginx    string // nginx's container
	URL      string
	Bluegate string // the executable
	Image    string // nginx's
	port     int
	Swarm    bool // each colour is a stack of it
	release  func() error
}

// New writes the files of a shop; nothing runs yet but its network, which nginx joins.
func New(root, bluegate string, o Options) (*Stand, error) {
	s, err := named(bluegate, o)
	if err != nil {
		return nil, err
	}
	if err := s.write(root, o); err != nil {
		return nil, errors.Join(err, os.RemoveAll(s.Dir))
	}
	// With the labels of Compose the network is the project's own, and Compose uses it.
	_, err = Docker("network", "create", "--label", "com.docker.compose.network=default", "--label", "com.docker.compose.project="+s.Name, s.Name)
	return s, err
}

// named is a stand with a name, a folder and a port of its own.
func named(bluegate string, o Options) (*Stand, error) {
	var salt [3]byte
	_, _ = rand.Read(salt[:])
	s := &Stand{Name: o.Name, Bluegate: bluegate, Image: "bluegate-nginx:" + orElse(o.Nginx, "1.30")}
	if s.Name == "" {
		s.Name = "shop" + hex.EncodeToString(salt[:])
	}
	s.Nginx = s.Name + "-nginx"
	var err error
	if s.release, err = claim.Claim(s.Name); err != nil {
		return nil, err
	}
	if s.Dir, err = os.MkdirTemp("", "bluegate-"+s.Name+"-"); err != nil {
		return nil, err
	}
	if s.port, err = freePort(); err != nil {
		return nil, err
	}
	s.URL = fmt.Sprintf("http://127.0.0.1:%d", s.port)
	return s, nil
}

func (s *Stand) write(root string, o Options) error {
	for _, colour := range []string{"blue", "green"} {
		name := "compose." + colour + "-deploy.yml"
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			return err
		}
		out := strings.ReplaceAll(string(text), "name: shop\n", "name: "+s.Name+"\n")
		if o.Edit != nil {
			out = o.Edit(colour, out)
		}
		if err := os.WriteFile(filepath.Join(s.Dir, name), []byte(out), 0o644); err != nil {
			return err
		}
	}
	if o.Config != "" {
		if err := os.WriteFile(filepath.Join(s.Dir, "bluegate.yml"), []byte(o.Config), 0o644); err != nil {
			return err
		}
	}
	s.Conf = filepath.Join(s.Dir, "conf.d", "default.conf")
	if o.Conf == "" {
		text, err := os.ReadFile(filepath.Join(root, "testdata", "nginx", "conf.d", "default.conf"))
		if err != nil {
			return err
		}
		o.Conf = string(text)
	}
	if err := os.Mkdir(filepath.Dir(s.Conf), 0o755); err != nil {
		return err
	}
	return os.WriteFile(s.Conf, []byte(o.Conf), 0o644)
}

// StartNginx runs nginx as the project's edge, and waits until it answers or has ended.
func (s *Stand) StartNginx() error {
	return s.StartNginxWith("-v", filepath.Dir(s.Conf)+":/etc/nginx/conf.d", s.Image)
}

// StartNginxWith is StartNginx for another way to give nginx its configuration: args are what `docker run` gets behind
// name, network and port, the image among them.
func (s *Stand) StartNginxWith(args ...string) error {
	run := append([]string{"run", "-d", "--name", s.Nginx, "--network", s.Name, "-p", fmt.Sprintf("127.0.0.1:%d:80", s.port)}, args...)
	if _, err := Docker(run...); err != nil {
		return err
	}
	return s.AwaitNginx()
}

// AwaitNginx waits until nginx answers or has ended.
func (s *Stand) AwaitNginx() error {
	for deadline := time.Now().Add(pace.Limit(30 * time.Second)); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if conn, err := net.DialTimeout("tcp", strings.TrimPrefix(s.URL, "http://"), time.Second); err == nil {
			_ = conn.Close()
			if workers, err := s.Workers(); err == nil && len(workers) > 0 {
				return nil
			}
		}
		if state, _ := Docker("inspect", "-f", "{{.State.Running}}", s.Nginx); state == "false" {
			return nil
		}
	}
	return fmt.Errorf("nginx (%s) does not answer at %s", s.Nginx, s.URL)
}

// Workers are the process ids of nginx's accepting workers.
func (s *Stand) Workers() ([]string, error) {
	return s.processes(func(line string) bool {
		return strings.Contains(line, "nginx: worker process") && !strings.Contains(line, "shutting down")
	})
}

// Leaving are the process ids of nginx's workers that are shutting down.
func (s *Stand) Leaving() ([]string, error) {
	return s.processes(func(line string) bool { return strings.Contains(line, "is shutting down") })
}

func (s *Stand) processes(wanted func(string) bool) (pids []string, err error) {
	out, err := Docker("top", s.Nginx, "-eo", "pid,args")
	for line := range strings.Lines(out) {
		if wanted(line) {
			pids = append(pids, strings.Fields(line)[0])
		}
	}
	return pids, err
}

// Result is what one call of bluegate said.
type Result struct {
	Code           int
	Stdout, Stderr string
	Report         report.Report // of a call with --format json
	Took           time.Duration
	Peak           int64 // the most memory that it had at a time, in KiB
}

// Run calls bluegate in the shop's folder. env are additions, such as VERSION=v2.
func (s *Stand) Run(ctx context.Context, env []string, args ...string) (Result, error) {
	cmd := s.Command(ctx, env, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	began := time.Now()
	err := cmd.Run()
	r := Result{Code: cmd.ProcessState.ExitCode(), Stdout: stdout.String(), Stderr: stderr.String(), Took: time.Since(began)}
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		r.Peak = usage.Maxrss
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return r, err
	}
	if strings.HasPrefix(r.Stdout, "{") {
		err = json.Unmarshal(stdout.Bytes(), &r.Report)
		return r, err
	}
	return r, nil
}

// Command is a call of bluegate in the shop's folder, to be started.
func (s *Stand) Command(ctx context.Context, env []string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, s.Bluegate, args...)
	cmd.Dir, cmd.Env = s.Dir, append(append(os.Environ(), "PWD="+s.Dir), env...) // as a shell sets it
	return cmd
}

// Load begins to send requests.
func (s *Stand) Load(ctx context.Context, o load.Options) (*load.Client, error) {
	return load.Start(ctx, s.URL, o)
}

// Close removes all that stands under this name: containers, network, lock and journal, files.
func (s *Stand) Close() error {
	var ids []string
	for _, filter := range []string{"label=com.docker.compose.project=" + s.Name, "name=^/" + s.Nginx + "$", "name=^/bluegate-.*-" + s.Name + "$"} {
		out, err := Docker("ps", "-aq", "--filter", filter)
		if err != nil {
			return err
		}
		ids = append(ids, strings.Fields(out)...)
	}
	var errs []error
	if len(ids) > 0 {
		_, err := Docker(append([]string{"rm", "-fv"}, ids...)...)
		errs = append(errs, err)
	}
	if s.Swarm {
		errs = append(errs, s.closeSwarm(), os.RemoveAll(s.Dir))
	} else {
		_, err := Docker("network", "rm", s.Name)
		errs = append(errs, err, os.RemoveAll(s.Dir))
	}
	if err := errors.Join(errs...); err != nil {
		return err // its note stays, for the next run to clean up by
	}
	return s.release()
}

// Docker runs the docker command and returns what it printed, trimmed. A command that hangs is ended.
func Docker(args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), pace.Limit(2*time.Minute))
	defer cancel()
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, "docker", args...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("docker %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(stderr.String()))
	}
	return strings.TrimSpace(string(out)), err
}

// Prepare makes sure of an engine and builds the shop's and nginx's images.
func Prepare(root string, nginx ...string) error {
	steps := [][]string{{"testdata/engine/ensure.sh"}, {"testdata/engine/sweep.sh"}, {"testdata/shop/images.sh"}}
	for _, release := range nginx {
		steps = append(steps, []string{"testdata/nginx/image.sh", release})
	}
	for _, step := range steps {
		if err := script(root, step...); err != nil {
			return err
		}
	}
	return nil
}

// Tag builds the shop's image with a fault baked in: Tag(root, "crash", "CRASH_AFTER=0s").
func Tag(root, tag string, faults ...string) error {
	return script(root, append([]string{"testdata/shop/images.sh", tag}, faults...)...)
}

func script(root string, argv ...string) error {
	path, err := filepath.Abs(filepath.Join(root, argv[0]))
	if err != nil {
		return err
	}
	cmd := exec.Command(path, argv[1:]...)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(argv, " "), err, out)
	}
	return nil
}

// Build compiles bluegate and its helper into a folder and returns bluegate's path.
func Build(root, dir string) (string, error) {
	for name, source := range map[string]string{"bluegate": "./cmd/bluegate", "bluegate-healthcheck": "./cmd/healthcheck"} {
		cmd := exec.Command("go", "build", "-o", filepath.Join(dir, name), source)
		cmd.Dir, cmd.Env = root, append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("build %s: %w\n%s", name, err, out)
		}
	}
	return filepath.Join(dir, "bluegate"), nil
}

const firstPort = 10_000

// freePort is one at which nothing listens. It lies below those that the kernel gives to outgoing connections, of which
// a load client opens thousands between this question and the use of its answer.
func freePort() (port int, err error) {
	for range 100 {
		port = firstPort + mathrand.IntN(20_000)
		var l net.Listener
		if l, err = net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			return port, l.Close()
		}
	}
	return 0, fmt.Errorf("no free port was found: %w", err)
}

func orElse(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
