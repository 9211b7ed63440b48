package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"bluegate/deploy/model"
	"bluegate/testdata/pace"
	"bluegate/testdata/sample"
	"bluegate/testdata/shop/load"
	"bluegate/testdata/stand"
)

// However nginx is switched: the first deployment starts an nginx that could not start without it, a switch there and
// back loses nothing and leaves every byte, owner and link as it was, a bad release changes nothing, and the colour
// survives a restart of nginx and a new container for it.
func TestModes(t *testing.T) {
	t.Parallel()
	for outer, version := range []string{"1.30", "1.22"} {
		var ways []stand.Way
		for _, way := range stand.Ways() {
			if way.Suits(version) && (version == "1.30" || slices.Contains([]string{"edit", "managed", "flag"}, way.Name)) {
				ways = append(ways, way)
			}
		}
		for _, way := range sample.RowsOf(t, outer, ways, 8) {
			t.Run(way.Name+" "+version, func(t *testing.T) {
				t.Parallel()
				s := newShop(t, stand.Options{Nginx: version})
				s.first(way)
				before, workers := s.folder(), s.workers()
				stop := s.load(load.Options{})
				r := s.deploys(0, model.Promoted, []string{"VERSION=v2"})
				s.proves(r, way, version)
				s.deploys(0, model.Promoted, []string{"VERSION=v1"})
				record := stop()
				t.Logf("\n%s", record)
				kinds := []load.Kind{load.NoKeepAlive, load.KeepAlive, load.Long, load.Upload, load.Stream}
				if version == "1.30" || !way.Reloads { // older ones may lose a keep-alive POST at a reload
					kinds = append(kinds, load.KeepAlivePost)
				}
				nothingLost(t, record, kinds...)
				colours(t, record, "blue", "green", "blue")
				if got := s.folder(); got != before {
					t.Errorf("there and back is not the same:\n%s\nwant\n%s", got, before)
				}
				if got := s.workers(); slices.Equal(got, workers) == way.Reloads {
					t.Errorf("the workers are %v, were %v", got, workers)
				}
				s.refusesBad()
				s.persists()
				s.nothingLeft()
			})
		}
	}
}

// first makes blue live in a shop of which nothing runs; nginx, which cannot start without an upstream, waits for it.
func (s *shop) first(way stand.Way) {
	s.t.Helper()
	if err := s.Use(way, "gate: {stable: 500ms, timeout: 2m}\n"); err != nil {
		s.t.Fatal(err)
	}
	if err := s.StartNginx(); err != nil {
		s.t.Fatal(err)
	}
	if state := inspect(s.t, s.Nginx, "{{.State.Status}}"); way.Name != "flag" && way.Name != "values" && state != "exited" {
		s.t.Fatalf("nginx is %s; it was to end for want of its upstream", state)
	}
	s.deploys(0, model.Started, []string{"VERSION=v1"}, "blue")
	record := s.sample()
	nothingLost(s.t, record, load.NoKeepAlive, load.KeepAlive)
	colours(s.t, record, "blue")
}

// switchID is the one thing that differs between two switches to the same colour.
var switchID = regexp.MustCompile(`(sum [0-9a-f]{64}|[0-9]{8}T[0-9]{6}-[0-9a-f]{8})`)

func (s *shop) folder() string {
	s.t.Helper()
	text, err := s.Folder()
	if err != nil {
		s.t.Fatal(err)
	}
	return switchID.ReplaceAllString(text, "ID")
}

func (s *shop) workers() []string {
	s.t.Helper()
	pids, err := s.Workers()
	if err != nil {
		s.t.Fatal(err)
	}
	slices.Sort(pids)
	return pids
}

// proves wants the report to name the proofs that the mode gives.
func (s *shop) proves(r stand.Result, way stand.Way, version string) {
	s.t.Helper()
	if r.Report.Switch == nil {
		s.t.Fatalf("no switch in the report:\n%s", r.Stdout)
	}
	proof := strings.Join(r.Report.Switch.Proof, "\n")
	var want []string
	switch {
	case way.Name == "managed":
		want = []string{"http://127.0.0.1:8099/bluegate/token answered", "/bluegate/route/was was passed to", "/bluegate/route/signal was passed to"}
	case way.Name == "flag" && version == "1.30":
		want = []string{"http://127.0.0.1:80/bluegate/route/was was passed to", "nothing was reloaded"}
	case way.Name == "flag":
		want = []string{"nothing was reloaded"}
	default:
		want = []string{"nginx sees the bytes that were written"}
	}
	for _, w := range want {
		if !strings.Contains(proof, w) {
			s.t.Errorf("the proof does not say %q:\n%s", w, proof)
		}
	}
}

// refusesBad deploys a release that nothing lives long in: no byte of nginx's and no worker changes.
func (s *shop) refusesBad() {
	s.t.Helper()
	before, workers := s.folder(), s.workers()
	s.deploys(3, model.Refused, []string{"SHOP_IMAGE=bluegate-nginx", "VERSION=1.30"})
	if got := s.folder(); got != before {
		s.t.Errorf("a bad release changed nginx's files:\n%s\nwant\n%s", got, before)
	}
	if got := s.workers(); !slices.Equal(got, workers) {
		s.t.Errorf("a bad release changed the workers: %v, were %v", got, workers)
	}
}

// persists wants the live colour from an nginx that was restarted, and from a new container of it.
func (s *shop) persists() {
	s.t.Helper()
	again := map[string]func(){
		"restarted": func() { docker(s.t, "restart", s.Nginx) },
		"made anew": func() { docker(s.t, "rm", "-f", s.Nginx) },
	}
	s.deploys(0, model.Promoted, []string{"VERSION=v2"})
	for _, how := range []string{"restarted", "made anew"} {
		again[how]()
		start := s.AwaitNginx
		if how == "made anew" {
			start = s.StartNginx
		}
		if err := start(); err != nil {
			s.t.Fatal(err)
		}
		record := s.sample()
		s.t.Logf("nginx was %s", how)
		nothingLost(s.t, record, load.NoKeepAlive)
		colours(s.t, record, "green")
	}
}

// only returns the rows for which keep is true.
func only[T any](all []T, keep func(T) bool) (rows []T) {
	for _, row := range all {
		if keep(row) {
			rows = append(rows, row)
		}
	}
	return rows
}

// Someone edits nginx's files while the gate waits: the release is refused, and the edit is left as it is.
func TestEditedDuringTheGate(t *testing.T) {
	t.Parallel()
	files := map[string]string{"template": "upstream.conf", "managed": "00-bluegate.conf", "copy": "upstream.conf"}
	for _, way := range sample.Rows(t, only(stand.Ways(), func(w stand.Way) bool { return files[w.Name] != "" }), 3) {
		file := files[way.Name]
		t.Run(way.Name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t, stand.Options{})
			s.first(way)
			running := s.containers()
			name := filepath.Join(filepath.Dir(s.Conf), file)
			done := s.duringGate(func() {
				text, err := os.ReadFile(name)
				if err == nil {
					err = os.WriteFile(name, append(text, "# mine\n"...), 0o644)
				}
				if err != nil {
					t.Error(err)
				}
			})
			s.deploys(3, model.Refused, []string{"VERSION=v2"})
			done()
			if text, err := os.ReadFile(name); err != nil || !strings.HasSuffix(string(text), "# mine\n") {
				t.Errorf("the edit is not there any more: %v\n%s", err, text)
			}
			if got := s.containers(); !slices.Equal(got, running) {
				t.Errorf("containers that run: %v, before: %v", got, running)
			}
			colours(t, s.sample(), "blue")
		})
	}
}

// nginx is restarted while the gate waits: the release is promoted all the same.
func TestNginxRestartedDuringTheGate(t *testing.T) {
	t.Parallel()
	restartable := func(w stand.Way) bool { return w.Name == "managed" || w.Name == "flag" && w.Suits("1.30") }
	for _, way := range sample.Rows(t, only(stand.Ways(), restartable), 2) {
		t.Run(way.Name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t, stand.Options{})
			s.first(way)
			s.disturbed = true
			done := s.duringGate(func() { docker(t, "restart", s.Nginx) })
			s.deploys(0, model.Promoted, []string{"VERSION=v2"})
			done()
			record := s.sample()
			nothingLost(t, record, load.NoKeepAlive)
			colours(t, record, "green")
		})
	}
}

// duringGate does something once a container of the coming colour runs. The returned function waits until it is done.
func (s *shop) duringGate(do func()) (wait func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for deadline := time.Now().Add(pace.Limit(2 * time.Minute)); time.Now().Before(deadline); time.Sleep(25 * time.Millisecond) {
			out, err := stand.Docker("ps", "-q", "--filter", "name=^/"+s.Name+"-was-green")
			if err == nil && out != "" {
				do()
				return
			}
		}
		s.t.Error("no container of the coming colour was started")
	}()
	return func() { <-done }
}

// The engine's DNS cannot say that an idle colour's name does not exist, only that it could not find out: nginx then asks
// no sooner again than after resolver_timeout. The colour is switched to when nginx must know it, and not before.
func TestFlagWhoseNamesFail(t *testing.T) {
	sample.Test(t, 7)
	t.Parallel()
	s := newShop(t, stand.Options{})
	ways := stand.Ways()
	way := ways[slices.IndexFunc(ways, func(w stand.Way) bool { return w.Name == "flag" && w.Suits("1.30") })]
	if err := s.Use(way, "gate: {stable: 500ms, timeout: 2m}\n"); err != nil {
		t.Fatal(err)
	}
	conf := strings.NewReplacer("resolver_timeout 1s", "resolver_timeout 6s").Replace(s.conf())
	conf = conf[:strings.Index(conf, "location = /bluegate/route")] + "}\n" // without a route nothing but the wait helps
	if err := os.WriteFile(s.Conf, []byte(conf), 0o644); err != nil {
		t.Fatal(err)
	}
	// Nobody answers at this address, so that the engine's DNS fails for the names that it does not know.
	if err := s.StartNginxWith("--dns", "127.0.0.1", "-v", filepath.Dir(s.Conf)+":/etc/nginx/conf.d", s.Image); err != nil {
		t.Fatal(err)
	}
	s.deploys(0, model.Started, []string{"VERSION=v1"}, "blue")
	stop := s.load(load.Options{})
	s.deploys(0, model.Promoted, []string{"VERSION=v2"})
	s.deploys(0, model.Promoted, []string{"VERSION=v1"})
	record := stop()
	nothingLost(t, record, load.NoKeepAlive, load.KeepAlive, load.KeepAlivePost, load.Long, load.Upload, load.Stream)
	colours(t, record, "blue", "green", "blue")
	log, err := exec.Command("docker", "logs", s.Nginx).CombinedOutput()
	if err != nil || !regexp.MustCompile(`was-green could not be resolved \((2: Server failure|110: )`).Match(log) {
		t.Errorf("nginx was told that the name does not exist, so that nothing was tested: %v\n%s", err, log)
	}
}
