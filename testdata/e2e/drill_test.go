package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"bluegate/deploy/model"
	"bluegate/deploy/report"
	"bluegate/testdata/sample"
	"bluegate/testdata/shop/load"
	"bluegate/testdata/stand"
)

// allKinds are the flags of a drill that sends the shop requests of each kind that it has something for.
var allKinds = []string{"drill", "--allow-post", "--path", "/", "--path", "/signal/", "--path", "keepalive-post=/upload", "--path", "upload=/signal/upload",
	"--path", "long=/slow?for=1s", "--path", "stream=/stream?for=0s"}

// drills calls `bluegate drill` with a version that no image has: a drill does not look at what the files name.
func (s *shop) drills(code int, outcome model.Outcome, args ...string) *report.Drill {
	s.t.Helper()
	r := s.run([]string{"VERSION=no-such-version", "BLUEGATE_GATE_STABLE=500ms"}, args...)
	if r.Code != code || r.Report.Outcome != outcome || r.Report.Drill == nil {
		s.t.Fatalf("bluegate %v ended with %d %s, want %d %s\n%s\n%s", args, r.Code, r.Report.Outcome, code, outcome, r.Stdout, r.Stderr)
	}
	return r.Report.Drill
}

// running are the containers of a project that run, and since when.
func (s *shop) running(filter string) []string {
	s.t.Helper()
	ids := strings.Fields(docker(s.t, "ps", "-q", "--no-trunc", "--filter", filter))
	var all []string
	for _, id := range ids {
		all = append(all, inspect(s.t, id, "{{.Name}} {{.Id}} {{.State.StartedAt}}"))
	}
	slices.Sort(all)
	return all
}

// A drill switches to a copy and back, and each kind of user gets all answers. What was live is live with the same
// containers, which ran all the time, and rollback goes back to the same release. Both the load of the drill and that of the
// test see that nothing was lost.
func TestDrill(t *testing.T) {
	t.Parallel()
	s := openShop(t, stand.Options{Config: unhurried})
	s.deploys(0, model.Promoted, []string{"VERSION=v2"})
	before := s.running("label=com.docker.compose.project=" + s.Name)
	badge := filepath.Join(t.TempDir(), "drill.svg")
	stop := s.load(load.Options{Kinds: []load.Kind{load.NoKeepAlive, load.KeepAlive}, Rate: 60})
	d := s.drills(0, model.OK, append(allKinds, "--switches", "4", "--badge", badge)...)
	record := stop()
	nothingLost(t, record, load.NoKeepAlive, load.KeepAlive)
	colours(t, record, "green", "blue", "green", "blue", "green")
	for _, request := range record.Requests {
		if request.Version != "v2" {
			t.Errorf("a user got %s: the copy is not one of what was live", request.Version)
			break
		}
	}
	for _, k := range d.Kinds {
		if k.Kind == "websocket" {
			continue
		}
		if k.Requests == 0 || k.Lost > 0 || k.Skipped != "" {
			t.Errorf("%+v", k)
		}
	}
	if d.URL != s.URL || len(d.Switches) != 4 {
		t.Errorf("%s, %+v", d.URL, d.Switches)
	}
	if text := textOf(t, badge); !strings.Contains(text, fmt.Sprintf("0 of %d", d.Requests)) {
		t.Errorf("the badge is %s", text)
	}
	if now := s.running("label=com.docker.compose.project=" + s.Name); !slices.Equal(before, now) {
		t.Errorf("what ran was\n%v\nand is\n%v", before, now)
	}
	s.nothingLeft()
	s.back(0, model.Promoted)
	if id := inspect(t, s.Name+"-was-blue-1", "{{.Config.Image}}"); id != "bluegate-shop:v1" {
		t.Errorf("after the rollback was-blue runs %s", id)
	}
}

// An nginx that closes idle connections at a reload loses POSTs, as doctor announces, and nothing else.
func TestDrillFindsWhatDoctorAnnounces(t *testing.T) {
	sample.Test(t, 5)
	t.Parallel()
	s := openShop(t, stand.Options{Config: unhurried, Nginx: "1.22"})
	lost := 0
	for range 4 { // it is a race
		r := s.run([]string{"VERSION=v1"}, append(allKinds, "--switches", "6", "--rate", "600", "--accept-announced")...)
		d := r.Report.Drill
		if d == nil || r.Code != 0 {
			t.Fatalf("%d: %s\n%s", r.Code, r.Stdout, r.Stderr)
		}
		if d.Lost != d.Announced {
			t.Errorf("%d requests were lost, and doctor announces %d: %+v", d.Lost, d.Announced, d.Kinds)
		}
		for _, k := range d.Kinds {
			if k.Kind == string(load.KeepAlivePost) != slices.Contains(k.AnnouncedBy, "keepalive-race") {
				t.Errorf("%s is announced by %v", k.Kind, k.AnnouncedBy)
			}
		}
		if lost += d.Lost; lost > 0 {
			break
		}
	}
	t.Logf("%d POSTs were lost", lost)
	if lost == 0 {
		t.Error("no POST was lost: the drill does not find what other clients lose")
	}
}

// A configuration that cuts long requests is found, with exit code 3, in the report and in JUnit's.
func TestDrillFindsWhatIsCut(t *testing.T) {
	sample.Test(t, 7)
	t.Parallel()
	s := newShop(t, stand.Options{Config: unhurried})
	s.deploys(0, model.Started, nil, "blue")
	main := filepath.Join(s.Dir, "nginx.conf")
	text := textOf(t, filepath.Join(root, "testdata", "nginx", "nginx.conf")) + "\nworker_shutdown_timeout 100ms;\n"
	if err := os.WriteFile(main, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := s.StartNginxWith("-v", main+":/etc/nginx/nginx.conf", "-v", filepath.Dir(s.Conf)+":/etc/nginx/conf.d", s.Image); err != nil {
		t.Fatal(err)
	}
	junit := filepath.Join(t.TempDir(), "drill.xml")
	d := s.drills(3, model.Lost, "drill", "--path", "/", "--path", "long=/slow?for=2s", "--report", "junit="+junit)
	for _, k := range d.Kinds {
		if long := k.Kind == string(load.Long); long != (k.Lost > 0) || k.Lost != k.Announced || long && !slices.Contains(k.AnnouncedBy, "shutdown-timeout") {
			t.Errorf("%+v", k)
		}
	}
	if xml := textOf(t, junit); !strings.Contains(xml, `type="lost"`) {
		t.Errorf("JUnit's report is %s", xml)
	}
	s.nothingLeft()
}

// A drill that is killed while users are on the copy is settled: they are back on what was live before.
func TestKilledInADrill(t *testing.T) {
	sample.Test(t, 7)
	t.Parallel()
	s := openShop(t, stand.Options{Config: unhurried})
	s.deploys(0, model.Promoted, []string{"VERSION=v2"})
	before := s.running("label=com.docker.compose.project=" + s.Name)
	stop := s.load(load.Options{Kinds: []load.Kind{load.NoKeepAlive, load.KeepAlive}, Rate: 60})
	b := s.start([]string{"VERSION=v2"}, "drill", "--switches", "10")
	b.until("draining")
	b.end(syscall.SIGKILL)
	if r := s.run(nil, "status"); !hasFinding(r, "left-behind") {
		t.Errorf("status: live %q, findings %v", r.Report.Live, r.Report.Findings)
	}
	if r := s.run(nil, "settle"); r.Code != 0 || r.Report.Live != model.Green || !strings.Contains(r.Report.Message, "drill") {
		t.Errorf("settle: %d, live %q: %s", r.Code, r.Report.Live, r.Report.Message)
	}
	record := stop()
	nothingLost(t, record, load.NoKeepAlive, load.KeepAlive)
	if now := s.running("label=com.docker.compose.project=" + s.Name); !slices.Equal(before, now) {
		t.Errorf("what ran was\n%v\nand is\n%v", before, now)
	}
	s.nothingLeft()
	s.back(0, model.Promoted)
}

// drilled are layouts in which a copy is not plain: several containers of a service, images that are built and a
// migration, nginx's configuration in a volume, nginx on the host.
var drilled = []string{"replicas", "migration-and-build", "one-file-named-volume", "two-files-host-nginx", "two-files-project-each"}

func TestDrillOfLayouts(t *testing.T) {
	t.Parallel()
	for _, folder := range sample.Rows(t, drilled, 5) {
		t.Run(folder, func(t *testing.T) {
			t.Parallel()
			l := layouts[slices.IndexFunc(layouts, func(l layout) bool { return l.folder == folder })]
			s := l.stand(t)
			s.adopts(l)
			args := []string{"drill"}
			for _, path := range l.paths {
				args = append(args, "--path", path)
			}
			d := s.drills(0, model.OK, args...)
			if d.Requests == 0 || d.Lost > 0 {
				t.Errorf("%+v", d)
			}
			// It can be repeated, and a release can come after it.
			s.drills(0, model.OK, args...)
			r := s.deploys(0, model.Promoted, []string{"VERSION=v2", "BLUEGATE_GATE_STABLE=500ms"})
			if r.Report.Live != model.Green {
				t.Errorf("live is %s", r.Report.Live)
			}
		})
	}
}

// The commands of docs/drill.md, as they stand there, for the shop. Those that name an address of the reader's get the
// shop's.
func TestDrillDocument(t *testing.T) {
	sample.Test(t, 7)
	t.Parallel()
	s := openShop(t, stand.Options{Config: unhurried})
	s.deploys(0, model.Promoted, []string{"VERSION=v2"})
	ran := 0
	for _, part := range block.FindAllStringSubmatch(textOf(t, filepath.Join(root, "docs", "drill.md")), -1) {
		if part[1] != "sh" {
			continue
		}
		for line := range strings.Lines(part[3]) {
			line, _, _ = strings.Cut(strings.TrimSpace(line), " # ")
			s.types(strings.ReplaceAll(line, "https://127.0.0.1:8443", s.URL))
			ran++
		}
	}
	if ran < 6 {
		t.Errorf("only %d commands were found", ran)
	}
	for _, file := range []string{"drill.xml", "drill.json", "drill.svg"} {
		if textOf(t, filepath.Join(s.Dir, file)) == "" {
			t.Errorf("%s was not written", file)
		}
	}
}

// However nginx is switched, a drill loses nothing, finds the address by itself, and leaves nginx's files as they were.
func TestDrillOfModes(t *testing.T) {
	t.Parallel()
	ways := slices.DeleteFunc(stand.Ways(), func(way stand.Way) bool { return !way.Suits("1.30") })
	for _, way := range sample.Rows(t, ways, len(ways)) {
		t.Run(way.Name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t, stand.Options{})
			s.first(way)
			s.deploys(0, model.Promoted, []string{"VERSION=v2"})
			files, before := s.folder(), s.running("label=com.docker.compose.project="+s.Name)
			if d := s.drills(0, model.OK, allKinds...); d.Lost > 0 || d.URL != s.URL {
				t.Errorf("%+v", d)
			}
			if got := s.folder(); got != files {
				t.Errorf("nginx's files are\n%s\nand were\n%s", got, files)
			}
			if now := s.running("label=com.docker.compose.project=" + s.Name); !slices.Equal(before, now) {
				t.Errorf("what ran was\n%v\nand is\n%v", before, now)
			}
			s.nothingLeft()
		})
	}
}
