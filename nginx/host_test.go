package nginx

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"bluegate/deploy/model"
	"bluegate/nginx/agent"
	"bluegate/nginx/instance"
	"bluegate/nginx/overlay"
	"bluegate/testdata/nginxtest"
	"bluegate/testdata/pace"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "__overlay" {
		fmt.Fprintln(os.Stderr, overlay.Main(os.Stdin))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// hostNginx is an nginx executable of this machine's.
var hostNginx = sync.OnceValues(func() (string, error) {
	cmd := exec.Command("../testdata/nginx/host.sh")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	return strings.TrimSpace(string(out)), err
})

// hostShop is an nginx that runs on this machine, with a folder and ports of its own, in front of both colours.
type hostShop struct {
	*testing.T
	exe         string
	dir         string
	file        string // with the switch point
	port        int
	blue, green int // their ports
	router      *observed
	change      model.Change
	master      *exec.Cmd
	taken       int      // a port that someone else listens at
	wrap        []string // the words before nginx's in its command
}

func newHostShop(t *testing.T) *hostShop {
	t.Helper()
	t.Parallel()
	pace.Guard(t, 10*time.Minute)
	exe, err := hostNginx()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s := &hostShop{T: t, exe: exe, dir: dir, port: freePort(t), blue: colourServer(t, "blue"), green: colourServer(t, "green")}
	for _, sub := range []string{"conf.d", "more", "tmp"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	user := ""
	if os.Geteuid() == 0 {
		user = "user root;\n"
	}
	write(t, dir+"/nginx.conf", user+"daemon off;\npid "+dir+"/pid;\nerror_log "+dir+"/error.log;\nevents {}\nhttp {\naccess_log off;\n"+tempPaths(dir)+"include conf.d/*.conf;\ninclude more/*.conf;\n}\n")
	s.file = dir + "/conf.d/shop.conf"
	write(t, s.file, fmt.Sprintf("upstream was { server 127.0.0.1:%d; }\nserver { listen 127.0.0.1:%d; location / { proxy_pass http://was; } }\n", s.blue, s.port))
	s.start()
	s.router = New(nil, instance.Options{Host: true, Local: true, Config: dir + "/nginx.conf", Overlay: []string{os.Args[0], "__overlay"}}).over(nil)
	t.Cleanup(func() { _ = s.router.Close(context.Background()) })
	return s
}

// tempPaths keep nginx out of folders that only a package has.
func tempPaths(dir string) (text string) {
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		text += kind + "_temp_path " + dir + "/tmp;\n"
	}
	return text
}

// start runs the master. It ends with the test, and also with a test that is killed.
func (s *hostShop) start() {
	s.Helper()
	words := append(slices.Clone(s.wrap), s.exe, "-p", s.dir+"/", "-c", "nginx.conf", "-e", s.dir+"/error.log")
	s.master = exec.Command(words[0], words[1:]...)
	s.master.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	if err := s.master.Start(); err != nil {
		s.Fatal(err)
	}
	started := s.master
	s.Cleanup(func() { _ = started.Process.Signal(syscall.SIGTERM); _ = started.Wait() })
	pace.Until(s, "nginx listens", func() error {
		c, err := net.Dial("tcp", "127.0.0.1:"+strconv.Itoa(s.port))
		if err != nil {
			log, _ := os.ReadFile(s.dir + "/error.log")
			return fmt.Errorf("%w\n%s", err, log)
		}
		_ = c.Close()
		if p, err := agent.ProcessOf(started.Process.Pid, 0); err != nil || p.Title == "" { // its sockets are open before it has its title
			return fmt.Errorf("it is not a master yet: %v", err)
		}
		return nil
	})
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// colourServer stands for a published port.
func colourServer(t *testing.T, colour string) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/hold" {
			<-r.Context().Done()
		}
		fmt.Fprint(w, colour)
	})}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	return l.Addr().(*net.TCPAddr).Port
}

func (s *hostShop) directory() *model.Addresses {
	app := nginxtest.Application(s.T, "was-{colour} 3000 3000")
	app.Project = "host"
	for colour, port := range map[model.Colour]int{model.Blue: s.blue, model.Green: s.green} {
		app.Models[colour].Services[0].Published = []model.Published{{Port: port, Target: 3000}}
	}
	return model.NewAddresses(app)
}

func (s *hostShop) observe() model.Route {
	s.Helper()
	found, route, err := observeWith(s.Context(), s.router.Router, s.directory())
	s.router = found
	if err != nil {
		s.Fatal(err)
	}
	return route
}

// plan is the change to green.
func (s *hostShop) plan() {
	s.Helper()
	route := s.observe()
	if route.Refusal != nil || route.Names != model.Blue || route.State != model.RouterRunning {
		s.Fatalf("%+v", route)
	}
	var err error
	if s.change, err = s.router.Plan(s.directory(), model.Green); err != nil {
		s.Fatal(err)
	}
}

func (s *hostShop) targets() []model.Target {
	return []model.Target{{Endpoint: s.change.Routes[0], Containers: []model.Container{{Service: "was-green", Name: "green-1", Published: []model.Published{{Port: s.green, Target: 3000}}}}}}
}

func (s *hostShop) switchOver() (model.Switched, error) {
	s.Helper()
	if _, err := s.router.Rehearse(s.Context(), s.change, already()); err != nil {
		s.Fatalf("rehearse: %v", err)
	}
	return s.switchNow()
}

func (s *hostShop) notSwitched() *model.NotSwitchedError {
	s.Helper()
	_, err := s.switchOver()
	var failed *model.NotSwitchedError
	if !errors.As(err, &failed) {
		s.Fatalf("got %v\n%s", err, read(s.T, s.dir+"/error.log"))
	}
	return failed
}

func (s *hostShop) serves(want string) {
	s.Helper()
	if got := s.colour(); got != want {
		s.Errorf("%q answers, want %s", got, want)
	}
}

// colour is the one that answers a request on a connection of its own.
func (s *hostShop) colour() string {
	s.Helper()
	c := http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := c.Get(fmt.Sprintf("http://127.0.0.1:%d/", s.port))
	if err != nil {
		s.Fatal(err)
	}
	defer resp.Body.Close()
	var text [16]byte
	n, _ := resp.Body.Read(text[:])
	return string(text[:n])
}

// linked has a link in the folder, and the file in another.
func (s *hostShop) linked() {
	s.Helper()
	if err := errors.Join(os.Mkdir(s.dir+"/available", 0o755), os.Rename(s.file, s.dir+"/available/shop"), os.Symlink("../available/shop", s.file)); err != nil {
		s.Fatal(err)
	}
}

// restart ends the master and starts another.
func (s *hostShop) restart() {
	s.Helper()
	if err := s.master.Process.Signal(syscall.SIGTERM); err != nil {
		s.Fatal(err)
	}
	_ = s.master.Wait()
	s.start()
}

func TestHostSwitch(t *testing.T) {
	for name, arrange := range map[string]func(s *hostShop){
		"a file": func(*hostShop) {},
		"a link": (*hostShop).linked,
		"another's": func(s *hostShop) {
			if os.Geteuid() == 0 {
				if err := os.Chown(s.file, 12345, 54321); err != nil {
					s.Fatal(err)
				}
			}
			if err := os.Chmod(s.file, 0o640); err != nil {
				s.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newHostShop(t)
			arrange(s)
			past := time.Now().Add(-time.Hour).Truncate(time.Second)
			if err := os.Chtimes(s.file, past, past); err != nil {
				t.Fatal(err)
			}
			state := func() string {
				info, err := os.Stat(s.file)
				if err != nil {
					t.Fatal(err)
				}
				link, _ := os.Readlink(s.file)
				st := info.Sys().(*syscall.Stat_t)
				return fmt.Sprintf("%s %d:%d %s %s", info.Mode(), st.Uid, st.Gid, link, read(t, s.file))
			}
			before := state()
			s.plan()
			s.serves("blue")
			done, err := s.switchOver()
			if err != nil {
				t.Fatalf("%v\n%s", err, read(t, s.dir+"/error.log"))
			}
			s.serves("green")
			if done.Points != 1 || done.NewWorkers == 0 || !slices.Equal(done.Files, []string{s.file}) {
				t.Errorf("%+v", done)
			}
			if want := strings.Replace(before, strconv.Itoa(s.blue), strconv.Itoa(s.green), 1); state() != want {
				t.Errorf("now\n%s\nwant\n%s", state(), want)
			}
			if err := s.router.Drain(t.Context(), nil, func(model.DrainStatus) {}); err != nil {
				t.Error(err)
			}
			if route := s.observe(); route.Names != model.Green || route.Refusal != nil {
				t.Errorf("after the switch: %+v", route)
			}
			if err := s.router.Restore(t.Context(), s.change); err != nil {
				t.Fatal(err)
			}
			s.serves("blue")
			if info, err := os.Stat(s.file); err != nil || state() != before || !info.ModTime().Equal(past) {
				t.Errorf("back\n%s\nwas\n%s\n%v", state(), before, err)
			}
		})
	}
}

// nginx's test passes, the signal is taken, and what runs stays as it was.
func TestHostReloadThatIsNotApplied(t *testing.T) {
	s := newHostShop(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	// A test does not bind, so it does not find out.
	write(t, s.dir+"/conf.d/more.conf", fmt.Sprintf("server { listen %s; }\n", taken.Addr()))
	s.plan()
	failed := s.notSwitched()
	if failed.Applied || failed.Restored != nil || failed.Reason.Code != model.NginxNotSwitched || !strings.Contains(failed.Reason.Message, "bind()") {
		t.Errorf("%+v", failed)
	}
	s.serves("blue")
	if got := read(t, s.file); !strings.Contains(got, strconv.Itoa(s.blue)) {
		t.Errorf("the file holds %q", got)
	}
}

func TestHostRehearsalRefuses(t *testing.T) {
	s := newHostShop(t)
	s.plan()
	before := read(t, s.file)
	s.change.Files[0].New = []byte("server { listne 80; }\n")
	_, err := s.router.Rehearse(t.Context(), s.change, already())
	var refused *model.RefusedError
	if !errors.As(err, &refused) || refused.Reasons[0].Code != model.NginxTestFailed || !strings.Contains(err.Error(), `unknown directive "listne" in `+s.file+":1") {
		t.Errorf("got %v", err)
	}
	if got := read(t, s.file); got != before {
		t.Errorf("the live file holds %q", got)
	}
}

func TestHostForeignSiteBroken(t *testing.T) {
	s := newHostShop(t)
	write(t, s.dir+"/conf.d/foreign.conf", "server { listne 80; }\n")
	refuses(t, s.observe(), model.NginxTestFailed, "listne", "foreign.conf:1")
	s.serves("blue")
}

// A restart between the plan and the switch, as by an upgrade of the package: the master has another pid.
func TestHostRestartedMeanwhile(t *testing.T) {
	s := newHostShop(t)
	s.plan()
	if _, err := s.router.Rehearse(t.Context(), s.change, already()); err != nil {
		t.Fatal(err)
	}
	s.restart()
	if _, err := s.switchOver(); err != nil {
		t.Fatal(err)
	}
	s.serves("green")
}

func TestHostIsGone(t *testing.T) {
	s := newHostShop(t)
	s.plan()
	_ = s.master.Process.Signal(syscall.SIGTERM)
	_ = s.master.Wait()
	_, err := s.switchNow()
	var silent *model.UnreachableError
	if !errors.As(err, &silent) {
		t.Errorf("got %v", err)
	}
	if got := read(t, s.file); !strings.Contains(got, strconv.Itoa(s.blue)) {
		t.Errorf("the file holds %q", got)
	}
	if route := s.observe(); route.State != model.RouterAbsent {
		t.Errorf("%+v", route)
	}
}
