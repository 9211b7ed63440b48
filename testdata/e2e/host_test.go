package e2e

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"bluegate/deploy/model"
	"bluegate/testdata/pace"
	"bluegate/testdata/sample"
	"bluegate/testdata/shop/load"
	"bluegate/testdata/stand"
)

// hostPorts are free ones of this host's, by service.
func hostPorts(t *testing.T, services ...string) map[string]int {
	t.Helper()
	found := map[string]int{}
	for _, name := range services {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		found[name] = l.Addr().(*net.TCPAddr).Port
	}
	return found
}

// inside are the ports that the shop's services listen on.
var inside = map[string]int{"was-blue": 3000, "was-green": 3002, "signal-blue": 3001, "signal-green": 3003}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// hostNginx runs an nginx on this host, with the shop's configuration and its published ports, and returns its folder.
func (s *shop) hostNginx(published map[string]int) string {
	s.t.Helper()
	dir := s.t.TempDir()
	conf := strings.Replace(readFile(s.t, s.Conf), "listen       80", "listen "+strings.TrimPrefix(s.URL, "http://"), 1)
	for name, port := range published {
		conf = strings.ReplaceAll(conf, fmt.Sprintf("%s:%d", name, inside[name]), "127.0.0.1:"+strconv.Itoa(port))
	}
	s.Conf = filepath.Join(dir, "shop.conf")
	if err := os.WriteFile(s.Conf, []byte(conf), 0o644); err != nil {
		s.t.Fatal(err)
	}
	s.runNginx(dir, "shop.conf")
	return dir
}

// runNginx runs an nginx on this host, with what a folder holds. It ends with the test, and also with a test that is
// killed.
func (s *shop) runNginx(dir, include string) {
	s.t.Helper()
	exe, err := exec.Command(filepath.Join(root, "testdata", "nginx", "host.sh")).Output()
	if err != nil {
		s.t.Fatal(err)
	}
	temp := ""
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		temp += kind + "_temp_path tmp;\n"
	}
	user := ""
	if os.Geteuid() == 0 {
		user = "user root;\n"
	}
	text := user + "daemon off;\npid pid;\nerror_log error.log;\nevents {}\nhttp {\naccess_log off;\n" + temp + "include " + include + ";\n}\n"
	if err := os.WriteFile(filepath.Join(dir, "nginx.conf"), []byte(text), 0o644); err != nil {
		s.t.Fatal(err)
	}
	master := exec.Command(strings.TrimSpace(string(exe)), "-p", dir+"/", "-c", "nginx.conf", "-e", "error.log")
	master.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	if err := master.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = master.Process.Signal(syscall.SIGTERM); _ = master.Wait() })
	pace.Until(s.t, "nginx listens", func() error {
		c, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
		if err != nil {
			log, _ := os.ReadFile(filepath.Join(dir, "error.log"))
			return fmt.Errorf("%w: %s", err, log)
		}
		return c.Close()
	})
}

// newHostShop is a shop whose services publish a port each, and which has no nginx in a container.
func newHostShop(t *testing.T) (*shop, map[string]int) {
	t.Helper()
	published := hostPorts(t, "was-blue", "was-green", "signal-blue", "signal-green")
	return newShop(t, stand.Options{Edit: func(_, text string) string {
		for name, port := range published {
			text = strings.Replace(text, "  "+name+":\n", fmt.Sprintf("  %s:\n    ports: [\"127.0.0.1:%d:%d\"]\n", name, port, inside[name]), 1)
		}
		return text
	}}), published
}

// nginx on the host, and the colours behind the ports that they publish: there and back, and nothing is lost. nginx 1.22
// may lose keep-alive requests at a reload.
func TestHostNginx(t *testing.T) {
	t.Parallel()
	s, published := newHostShop(t)
	s.deploys(0, model.Started, nil, "blue")
	s.hostNginx(published) // found by the ports that its configuration names
	stop := s.load(load.Options{Kinds: []load.Kind{load.NoKeepAlive}})
	for _, colour := range []string{"green", "blue"} {
		r := s.deploys(0, model.Promoted, nil, colour)
		if r.Report.Switch == nil || r.Report.Switch.Points != 2 || !strings.Contains(r.Report.Switch.Nginx, "on the host") {
			t.Errorf("%+v", r.Report.Switch)
		}
		for name, port := range published {
			if named := regexp.MustCompile(fmt.Sprintf(`server\s+127\.0\.0\.1:%d\b`, port)).MatchString(readFile(t, s.Conf)); named != strings.HasSuffix(name, colour) {
				t.Errorf("%s is live, and that the configuration names %s is %t", colour, name, named)
			}
		}
	}
	record := stop()
	if n := record.Lost(); n > 0 {
		t.Errorf("%d requests were lost:\n%s", n, record)
	}
}

// A reload of the host's nginx that is not applied: the release is removed, the old bytes are back.
func TestHostNginxNotSwitched(t *testing.T) {
	sample.Test(t, 7)
	t.Parallel()
	s, published := newHostShop(t)
	s.deploys(0, model.Started, nil, "blue")
	dir := s.hostNginx(published)
	config := fmt.Sprintf("%snginx: {host: true, config: %s/nginx.conf}\n", quick, dir)
	if err := os.WriteFile(filepath.Join(s.Dir, "bluegate.yml"), []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	more := readFile(t, filepath.Join(dir, "nginx.conf"))
	more = strings.Replace(more, "include shop.conf;", fmt.Sprintf("server { listen %s; }\ninclude shop.conf;", taken.Addr()), 1)
	if err := os.WriteFile(filepath.Join(dir, "nginx.conf"), []byte(more), 0o644); err != nil {
		t.Fatal(err)
	}
	before := readFile(t, s.Conf)
	r := s.deploys(3, model.Refused, nil, "green")
	if len(r.Report.Reasons) == 0 || r.Report.Reasons[0].Code != model.NginxNotSwitched || !strings.Contains(r.Report.Reasons[0].Message, "bind()") {
		t.Errorf("%+v", r.Report.Reasons)
	}
	if got := readFile(t, s.Conf); got != before {
		t.Errorf("the file holds\n%s", got)
	}
	if left := docker(t, "ps", "-aq", "--filter", "label=com.docker.compose.project="+s.Name, "--filter", "name=green"); left != "" {
		t.Errorf("of green %s is left", left)
	}
}
