package e2e

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/goccy/go-yaml"

	"bluegate/deploy/model"
	"bluegate/deploy/report"
	"bluegate/testdata/claim"
	"bluegate/testdata/pace"
	"bluegate/testdata/sample"
	"bluegate/testdata/shop/load"
	"bluegate/testdata/stand"
)

// layout is one of the ways in which people lay out two colours and nginx; its files are in testdata/layouts, with the
// bluegate.yml that init must write for them, or none. What is brought up before bluegate comes is brought up by Compose
// itself.
type layout struct {
	folder string
	live   []project // what runs before: blue, and nginx
	paths  []string  // where the upstreams begin; default: /
	// hosted says that nginx runs on this host, with the files below etc/nginx.
	hosted bool
	// quiet says that nothing answers users.
	quiet bool
	// links are made in the copy: not every way to carry a repository keeps a symbolic link.
	links map[string]string
	// shape are its files, where it has no folder of its own.
	shape fs.FS
	// bad is the reason for which v3, which never becomes healthy, is refused; default: unhealthy.
	bad model.Code
	// fails is one more release that must be refused, after v3, and why.
	fails []string
	code  model.Code
	says  string
}

// project is one call of `docker compose up -d`.
type project struct {
	files    []string
	envFiles []string
	name     string // -p, with the stand's name in place of "shop"
	services []string
	env      []string
}

func up(name string, files ...string) project { return project{files: files, name: name} }

var layouts = []layout{
	{folder: "two-files-shared-project", live: []project{up("", "docker-compose.blue.yml"), up("", "proxy/compose.yml")}},
	{folder: "two-files-project-each", live: []project{up("shop-blue", "docker-compose.blue.yml"), up("", "proxy/compose.yml")}, paths: []string{"/", "/api/"}},
	{folder: "two-files-named", live: []project{up("", "compose.blue.yml"), up("", "proxy/compose.yml")}},
	{folder: "two-files-each-with-nginx", live: []project{up("", "docker-compose.blue.yml")}},
	{folder: "base-and-override", live: []project{up("shop-blue", "docker-compose.yml", "docker-compose.blue.yml"), up("", "proxy/compose.yml")}},
	{folder: "one-file-prepared-files", live: []project{{files: []string{"docker-compose.yml"}, services: []string{"db", "app-blue", "nginx"}}}},
	{folder: "one-file-with-a-profile", live: []project{up("", "compose.yaml")}},
	{
		folder: "one-file-symlink", live: []project{{files: []string{"docker-compose.yml"}, services: []string{"app-blue", "nginx"}}},
		links: map[string]string{"nginx/upstream.conf": "colours/blue.conf"},
	},
	{folder: "one-file-variable", live: []project{{files: []string{"docker-compose.yml"}, services: []string{"app-blue", "nginx"}}}},
	{folder: "replicas", live: []project{up("", "compose.blue-deploy.yml"), up("", "proxy/compose.yml")}},
	{
		folder: "migration-and-build", live: []project{{files: []string{"compose.yml"}, services: []string{"db", "queue", "migrate", "app-blue", "nginx"}}},
		fails: []string{"VERSION=v2", "MIGRATION=7"}, code: model.Exited, says: "7",
	},
	{folder: "one-file-two-projects", live: []project{
		{files: []string{"docker-compose.yml"}, name: "shop-blue", env: []string{"COLOUR=blue", "HTTP_PORT=8081"}}, up("", "proxy/compose.yml"),
	}},
	{folder: "one-file-named-volume", live: []project{{files: []string{"stack.yml"}, services: []string{"app-blue", "nginx"}, env: []string{"COMPOSE_PROFILES=edge"}}}},
	{folder: "two-files-host-nginx", hosted: true, live: []project{up("shop-blue", "docker-compose.blue.yml")}, bad: model.CheckFailed},
	{folder: "one-file-host-nginx", hosted: true, live: []project{{files: []string{"docker-compose.yml"}, services: []string{"app-blue", "db"}}}},
}

// Each layout, as it is: init writes the few lines of bluegate.yml that lie next to it, a dry run has nothing against it,
// and then come two good releases and a bad one under load. Nobody loses a request, and the right colour is live after
// each.
func TestLayouts(t *testing.T) {
	t.Parallel()
	for _, l := range sample.Rows(t, layouts, 8) {
		t.Run(l.folder, func(t *testing.T) {
			t.Parallel()
			s := l.stand(t)
			s.adopts(l)
			kinds := []load.Kind{load.NoKeepAlive, load.KeepAlive}
			if l.hosted { // an nginx of this host's, which may be one that loses keep-alive requests at a reload
				kinds = kinds[:1]
			}
			paths := l.paths
			if len(paths) == 0 {
				paths = []string{"/"}
			}
			stop := s.load(load.Options{Kinds: kinds, Paths: paths, Rate: 60, Workers: 2})
			env := func(more ...string) []string { return append(more, "BLUEGATE_GATE_STABLE=500ms") }
			for _, r := range []struct{ version, colour string }{{"v2", "green"}, {"v1", "blue"}} {
				report := s.deploys(0, model.Promoted, env("VERSION="+r.version)).Report
				if string(report.Live) != r.colour {
					t.Errorf("live is %s, want %s", report.Live, r.colour)
				}
			}
			report := s.deploys(3, model.Refused, env("VERSION=v3")).Report
			if report.Live != model.Blue || !slices.ContainsFunc(report.Reasons, func(r model.Reason) bool { return r.Code == cmp.Or(l.bad, model.Unhealthy) }) {
				t.Errorf("live is %s, the reasons are %v", report.Live, report.Reasons)
			}
			if len(l.fails) > 0 {
				s.refusesWith(l, env(l.fails...))
			}
			record := stop()
			nothingLost(t, record, kinds...)
			colours(t, record, "blue", "green", "blue")
		})
	}
}

func (s *shop) refusesWith(l layout, env []string) {
	s.t.Helper()
	report := s.deploys(3, model.Refused, env).Report
	i := slices.IndexFunc(report.Reasons, func(r model.Reason) bool { return r.Code == l.code })
	if i < 0 || !strings.Contains(report.Reasons[i].Message, l.says) || report.Reasons[i].ExitCode == nil || len(report.Reasons[i].LogTail) == 0 {
		s.t.Errorf("the reasons are %+v, want %s that says %q", report.Reasons, l.code, l.says)
	}
}

// adopts has init write what bluegate needs here, which is what lies next to the layout, and then makes a dry run.
func (s *shop) adopts(l layout) {
	s.t.Helper()
	out, err := s.Command(s.t.Context(), nil, "init", "--format", "json").Output()
	var said struct {
		Content string
		Written bool
		Doctor  report.Report
	}
	if err := errors.Join(err, json.Unmarshal(out, &said)); err != nil {
		s.t.Fatalf("init: %v\n%s", err, out)
	}
	if said.Doctor.Outcome != model.OK {
		s.t.Errorf("init says that something is in the way: %s", out)
	}
	wrote := textOf(s.t, filepath.Join(s.Dir, "bluegate.yml"))
	if wrote != said.Content || said.Written != (wrote != "") {
		s.t.Errorf("init wrote\n%sand says\n%s", wrote, out)
	}
	// The names here are longer, so that lines may break elsewhere.
	want := s.words.Replace(textOf(s.t, filepath.Join(root, "testdata", "layouts", l.folder, "bluegate.yml")))
	if !reflect.DeepEqual(meaning(s.t, wrote), meaning(s.t, want)) {
		s.t.Errorf("init wrote\n%swant\n%s%s", wrote, want, out)
	}
	s.deploys(0, model.Planned, []string{"VERSION=v2"}, "--dry-run")
}

// textOf is a file's text; "" if there is none.
func textOf(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return string(text)
}

func meaning(t *testing.T, text string) (value any) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(text), &value); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return value
}

// stand copies a layout's folder under names and ports of its own and brings up what ran before.
func (l layout) stand(t *testing.T) *shop {
	t.Helper()
	pace.Guard(t, 15*time.Minute)
	var salt [3]byte
	_, _ = rand.Read(salt[:])
	name := "shop" + hex.EncodeToString(salt[:])
	release, err := claim.Claim(name)
	if err != nil {
		t.Fatal(err)
	}
	dir, etc, port := filepath.Join(t.TempDir(), name), filepath.Join(t.TempDir(), "nginx"), ports(t, 3)
	pairs := []string{"registry.example/shop:", "bluegate-shop:", "image: nginx:", "image: bluegate-nginx:", "FROM nginx:", "FROM bluegate-nginx:",
		`"8080:80"`, `"127.0.0.1:` + port[0] + `:80"`, "timeout: 5s", "timeout: 30s", "8080", port[0], "8081", port[1], "8082", port[2], "shop", name}
	if l.hosted {
		pairs = append([]string{"/etc/nginx", etc}, pairs...)
	}
	s := &shop{Stand: &stand.Stand{Name: name, Dir: dir, Nginx: name + "-nginx", URL: "http://127.0.0.1:" + port[0], Bluegate: bluegate}, t: t, words: strings.NewReplacer(pairs...)}
	if err := s.copyLayout(l.files(), etc); err != nil {
		t.Fatal(err)
	}
	for link, to := range l.links {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("containers at the end:\n%s", docker(t, "ps", "-a", "--filter", "name="+name, "--format", "{{.Names}}\t{{.Status}}\t{{.Image}}"))
		}
		sweep(t, name)
		if err := release(); err != nil {
			t.Error(err)
		}
	})
	docker(t, "network", "create", name+"-edge")
	docker(t, "volume", "create", name+"-conf")
	for _, p := range l.live {
		p.name = s.words.Replace(p.name)
		p.env = slices.Clone(p.env)
		for i := range p.env {
			p.env[i] = s.words.Replace(p.env[i])
		}
		if err := p.up(t.Context(), dir); err != nil {
			t.Fatalf("docker compose -p %q up %v: %v", p.name, p.files, err)
		}
	}
	if l.hosted {
		s.runNginx(etc, "conf.d/*.conf")
	}
	if !l.quiet {
		s.serves()
	}
	return s
}

// serves waits until nginx and what is behind it answer.
func (s *shop) serves() {
	s.t.Helper()
	pace.Until(s.t, s.URL+" answers", func() error {
		resp, err := http.Get(s.URL + "/")
		if err != nil {
			return err
		}
		if resp.StatusCode != http.StatusOK {
			err = errors.New(resp.Status)
		}
		return errors.Join(err, resp.Body.Close())
	})
}

// files are those of the layout.
func (l layout) files() fs.FS {
	if l.shape != nil {
		return l.shape
	}
	return os.DirFS(filepath.Join(root, "testdata", "layouts", l.folder))
}

// copyLayout copies what was there before bluegate came; what nginx has on the host goes to etc.
func (s *shop) copyLayout(from fs.FS, etc string) error {
	_, own := from.(fstest.MapFS)
	return fs.WalkDir(from, ".", func(below string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || entry.Name() == "bluegate.yml" && !own || entry.Name() == "about.md" {
			return err
		}
		target := filepath.Join(s.Dir, below)
		if hosts, ok := strings.CutPrefix(below, filepath.Join("etc", "nginx")); ok {
			target = filepath.Join(etc, hosts)
		}
		text, err := fs.ReadFile(from, below)
		if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		return os.WriteFile(target, []byte(s.words.Replace(string(text))), 0o644)
	})
}

// sweep removes whatever carries the name: containers, networks, images.
func sweep(t *testing.T, name string) {
	t.Helper()
	for _, step := range []struct{ list, remove []string }{
		{[]string{"ps", "-aq", "--filter", "name=" + name}, []string{"rm", "-fv"}},
		{[]string{"volume", "ls", "-q", "--filter", "name=" + name}, []string{"volume", "rm"}},
		{[]string{"network", "ls", "-q", "--filter", "name=" + name}, []string{"network", "rm"}},
		{[]string{"images", "-q", "--filter", "reference=" + name + "*"}, []string{"rmi", "-f"}},
	} {
		ids := slices.Compact(slices.Sorted(slices.Values(strings.Fields(docker(t, step.list...)))))
		if len(ids) > 0 {
			docker(t, append(step.remove, ids...)...)
		}
	}
}

// composeLimit bounds what Compose does for a test.
func composeLimit() time.Duration { return pace.Limit(3 * time.Minute) }

func (p project) up(ctx context.Context, dir string) error {
	ctx, cancel := context.WithTimeout(ctx, composeLimit())
	defer cancel()
	var files []string
	for _, f := range p.files {
		files = append(files, filepath.Join(dir, f))
	}
	if len(files) == 0 {
		for _, name := range cli.DefaultFileNames {
			if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
				files = []string{filepath.Join(dir, name)}
			}
		}
	}
	var envFiles []string
	for _, f := range p.envFiles {
		envFiles = append(envFiles, filepath.Join(dir, f))
	}
	return composeUp(ctx, p.name, files, envFiles, p.services, p.env)
}
