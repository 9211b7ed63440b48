package nginx

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"

	"bluegate/deploy/model"
	"bluegate/nginx/agent"
	"bluegate/nginx/instance"
)

// examined are the codes of all that is found about the container of that name.
func (b *bench) examined(name string) (codes []string) {
	b.t.Helper()
	r, _ := b.observed(name)
	found, err := r.Examine(b.t.Context(), model.Examination{Drain: time.Minute})
	if err != nil {
		b.t.Fatal(err)
	}
	for _, f := range found {
		if f.Message == "" || f.Cost == "" || f.Remedy == "" {
			b.t.Errorf("%s lacks its message, its cost or its remedy: %+v", f.Code, f)
		}
		codes = append(codes, f.Code)
	}
	return codes
}

const siteFile = "/etc/nginx/conf.d/default.conf"

// wellConf is a site of which nothing is found; the image sets keepalive_min_timeout.
const wellConf = "proxy_connect_timeout 2s;\nupstream was { server was-blue:3000; keepalive 8; }\nserver { listen 80; location / { proxy_pass http://was; } }\n"

// Where the file lies decides what is found of it: each kind of storage, of the real engine.
func TestExamineStorageOfContainers(t *testing.T) {
	b := newBench(t)
	b.colours()
	host := t.TempDir()
	write(t, filepath.Join(host, "default.conf"), wellConf)
	bind := func(source, target string) []mount.Mount {
		return []mount.Mount{{Type: mount.TypeBind, Source: source, Target: target}}
	}
	for _, test := range []struct {
		box  box
		want string
	}{
		{box{name: "directory", mounts: bind(host, "/etc/nginx/conf.d")}, ""},
		{box{name: "file", mounts: bind(filepath.Join(host, "default.conf"), siteFile)}, "single-file-mount"},
		{box{name: "layer", files: map[string]string{siteFile: wellConf}}, "not-persistent"},
		{box{name: "shell", mounts: bind(host, "/etc/nginx/conf.d"), cmd: []string{"sh", "-c", "nginx -g 'daemon off;'; true"}}, "first-process"},
		{box{name: "init", mounts: bind(host, "/etc/nginx/conf.d"), host: func(h *container.HostConfig) { init := true; h.Init = &init }}, ""},
	} {
		b.nginx(test.box)
		if got := strings.Join(b.examined(test.box.name), " "); got != test.want {
			t.Errorf("%s: found %q, want %q", test.box.name, got, test.want)
		}
	}
	// A stopped one cannot be asked for its version, and its storage is known.
	b.run(box{name: "stopped", files: map[string]string{siteFile: wellConf}, created: true})
	if got := strings.Join(b.examined("stopped"), " "); got != "not-persistent" {
		t.Errorf("stopped: found %q", got)
	}
}

// A file that git tracks is found where the engine's host is this machine, and only then.
func TestExamineFindsGit(t *testing.T) {
	host := t.TempDir()
	if err := os.Mkdir(filepath.Join(host, "nginx"), 0o755); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(host, "nginx", "default.conf")
	write(t, file, wellConf)
	run := func(args ...string) {
		t.Helper()
		cmd := exec.Command("git", args...)
		cmd.Dir = host
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	run("init", "-q")
	if got := instance.GitRoot(t.Context(), file); got != "" {
		t.Errorf("an untracked file is tracked in %s", got)
	}
	run("add", "nginx/default.conf")
	root, err := filepath.EvalSymlinks(host)
	if err != nil {
		t.Fatal(err)
	}
	if here, repository := instance.Tracked(t.Context(), file, []byte(wellConf)); here != file || repository != root {
		t.Errorf("%q is tracked in %q, want %q", here, repository, root)
	}
	if here, repository := instance.Tracked(t.Context(), file, []byte("another machine's")); here != "" || repository != "" {
		t.Errorf("another machine's file is %q, tracked in %q", here, repository)
	}
	if got := instance.GitRoot(t.Context(), filepath.Join(t.TempDir(), "default.conf")); got != "" {
		t.Errorf("a file outside every repository is tracked in %s", got)
	}
}

// What is on disk and not loaded, a log file, and a worker that does not end.
func TestExamineWhatRuns(t *testing.T) {
	b := newBench(t)
	b.colours()
	main := "user nginx; error_log /tmp/error.log;\nevents {}\nhttp { keepalive_min_timeout 1s; include /etc/nginx/conf.d/*.conf; }\n"
	id := b.nginx(box{name: "edge", files: map[string]string{"/etc/nginx/nginx.conf": main, siteFile: wellConf}})
	if got := b.examined("edge"); !slices.Equal(got, []string{"not-persistent", "error-log"}) {
		t.Errorf("found %q", got)
	}
	conn := b.holdWorker(id)
	if err := b.engine.ContainerKill(t.Context(), id, "HUP"); err != nil {
		t.Fatal(err)
	}
	r, _ := b.observed("edge")
	b.eventually("its worker leaves and has successors of a whole second's age", func() error {
		s, err := r.found.Processes(t.Context())
		if err == nil && (len(s.ShuttingDown) != 1 || len(s.Workers) == 0 || s.Workers[0].Age < time.Second) {
			err = agent.ErrNoMaster
		}
		return err
	})
	for drain, want := range map[time.Duration]bool{time.Hour: false, 100 * time.Millisecond: true} {
		found, err := r.Examine(t.Context(), model.Examination{Drain: drain})
		if err != nil {
			t.Fatal(err)
		}
		if got := slices.ContainsFunc(found, func(f model.Finding) bool { return f.Code == "leaving-workers" }); got != want {
			t.Errorf("with a drain of %s: %+v", drain, found)
		}
	}
	conn.Close()
	b.put(id, map[string]string{"/etc/nginx/conf.d/other.conf": "client_max_body_size 2m;\n"})
	b.sh(id, "touch -t 203501010000 /etc/nginx/conf.d/other.conf")
	if got := b.examined("edge"); !slices.Contains(got, "not-loaded") {
		t.Errorf("found %q", got)
	}
}
