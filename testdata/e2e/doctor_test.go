package e2e

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bluegate/deploy/model"
	"bluegate/deploy/report"
	"bluegate/testdata/sample"
	"bluegate/testdata/stand"
)

// diagnosed calls the doctor, wants an exit code, and returns the findings by their codes.
func (s *shop) diagnosed(code int) (map[string]model.Finding, report.Report) {
	s.t.Helper()
	before := s.conf()
	r := s.run([]string{"VERSION=v2"}, "doctor")
	if r.Code != code {
		s.t.Errorf("doctor ended with %d %s, want %d\n%s", r.Code, r.Report.Outcome, code, r.Stdout)
	}
	if s.conf() != before {
		s.t.Errorf("the doctor changed the configuration:\n%s", s.conf())
	}
	found := map[string]model.Finding{}
	for _, f := range r.Report.Findings {
		found[f.Code] = f
	}
	return found, r.Report
}

func has(t *testing.T, found map[string]model.Finding, codes ...string) {
	t.Helper()
	for _, code := range codes {
		if f, ok := found[code]; !ok || f.Cost == "" || f.Remedy == "" {
			t.Errorf("%s was not found with its cost and its remedy: %+v", code, f)
		}
	}
}

func hasNot(t *testing.T, found map[string]model.Finding, codes ...string) {
	t.Helper()
	for _, code := range codes {
		if f, ok := found[code]; ok {
			t.Errorf("%s was found: %+v", code, f)
		}
	}
}

// The same site, behind the nginx of Debian stable and behind a current one: what the older loses is named, with the
// place and the lines to paste; pasted, they leave nothing to find.
func TestDoctor(t *testing.T) {
	sample.Test(t, 7)
	t.Parallel()
	conf := "upstream was { server was-blue:3000; }\nupstream signal { server signal-blue:3001; }\n" +
		"server {\n listen 80;\n location / { proxy_pass http://was; }\n location /signal/ { proxy_pass http://signal/; }\n}\n"
	for _, version := range []string{"1.22", "1.30"} {
		t.Run(version, func(t *testing.T) {
			s := openShop(t, stand.Options{Nginx: version, Conf: conf})
			found, _ := s.diagnosed(0)
			has(t, found, "connect-timeout")
			if place := found["connect-timeout"].Place; place != "/etc/nginx/conf.d/default.conf:5" {
				t.Errorf("the place is %s", place)
			}
			if version == "1.22" {
				has(t, found, "keepalive-race", "upstream-keepalive")
			} else {
				hasNot(t, found, "keepalive-race", "keepalive-min-timeout", "upstream-keepalive")
			}
			hasNot(t, found, "not-persistent", "single-file-mount", "first-process", "error-log", "not-loaded")

			mended := found["connect-timeout"].Remedy + "\n" + conf
			if version == "1.22" {
				mended = "keepalive_timeout 0;\n" + strings.NewReplacer("3000; }", "3000; keepalive 32; }", "3001; }", "3001; keepalive 32; }").Replace(mended)
			}
			if err := os.WriteFile(s.Conf, []byte(mended), 0o644); err != nil {
				t.Fatal(err)
			}
			docker(t, "restart", s.Nginx)
			found, _ = s.diagnosed(0)
			hasNot(t, found, "connect-timeout", "keepalive-race", "upstream-keepalive")
		})
	}
}

// Where a deployment would be refused, so does the doctor, and continues looking.
func TestDoctorOfWhatWouldBeRefused(t *testing.T) {
	sample.Test(t, 7)
	t.Parallel()
	s := openShop(t, stand.Options{Nginx: "1.22"})
	both := strings.Replace(s.conf(), "was-blue:3000   max_fails=0;", "was-blue:3000   max_fails=0; server was-green:3002;", 1)
	if both == s.conf() {
		t.Fatal("the demo's configuration has changed")
	}
	if err := os.WriteFile(s.Conf, []byte(both), 0o644); err != nil {
		t.Fatal(err)
	}
	found, report := s.diagnosed(3)
	has(t, found, "both-in-one-upstream", "keepalive-race")
	if len(report.Reasons) != 1 || report.Reasons[0].Code != model.SwitchPointAmbiguous {
		t.Errorf("reasons %+v", report.Reasons)
	}
	// The text says all of it, too: the beginnings, and the whole of one or of each.
	if r, err := s.Run(t.Context(), nil, "doctor"); err != nil || r.Code != 3 || !strings.HasPrefix(r.Stdout, "refused: ") || !strings.Contains(r.Stdout, "costs: ") || !strings.Contains(r.Stdout, "remedy: ") {
		t.Errorf("exit %d, %v:\n%s", r.Code, err, r.Stdout)
	}
	if r, err := s.Run(t.Context(), nil, "doctor", "--explain", "1"); err != nil || r.Code != 3 || !strings.Contains(r.Stdout, string(model.SwitchPointAmbiguous)) {
		t.Errorf("exit %d, %v:\n%s", r.Code, err, r.Stdout)
	}
	r, err := s.Run(t.Context(), nil, "doctor", "--verbose")
	if err != nil || r.Code != 3 || !strings.Contains(r.Stdout, "costs: ") || !strings.Contains(r.Stdout, "remedy:\n") {
		t.Errorf("exit %d, %v:\n%s", r.Code, err, r.Stdout)
	}
}

// What was recreated would serve what its image holds: that is said before the switch, by every command that could have
// told; a restart alone loses nothing.
func TestPersistence(t *testing.T) {
	sample.Test(t, 7)
	t.Parallel()
	s := newShop(t, stand.Options{})
	s.deploys(0, model.Started, nil, "blue")
	s.nginx(s.baked())
	found, _ := s.diagnosed(0)
	has(t, found, "not-persistent")
	told := func(f model.Finding) bool { return f.Code == "not-persistent" }
	if r := s.deploys(0, model.Planned, []string{"VERSION=v2"}, "--dry-run"); !slices.ContainsFunc(r.Report.Findings, told) {
		t.Errorf("the dry run does not say it: %+v", r.Report.Findings)
	}
	r := s.deploys(0, model.Promoted, []string{"VERSION=v2"})
	if !slices.ContainsFunc(r.Report.Findings, told) {
		t.Errorf("the deployment does not say it: %+v", r.Report.Findings)
	}
	docker(t, "restart", s.Nginx)
	if err := s.AwaitNginx(); err != nil {
		t.Fatal(err)
	}
	if got := s.answers(); got != "green" {
		t.Errorf("after a restart of nginx %q answers", got)
	}
	if r := s.run(nil, "status"); r.Report.Live != model.Green {
		t.Errorf("after a restart of nginx %q is live (%s)", r.Report.Live, r.Report.LiveBy)
	}

	// Pasted, the remedy keeps the switch: the container that is made again serves the colour that was made live.
	found, _ = s.diagnosed(0)
	command, _, _ := strings.Cut(found["not-persistent"].Remedy, "# in nginx's Compose service")
	paste := exec.Command("sh", "-ec", command)
	paste.Dir = s.Dir
	if out, err := paste.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s\n%s", err, out, command)
	}
	kept := filepath.Join(s.Dir, "nginx-files")
	docker(t, "rm", "-f", s.Nginx)
	if err := s.StartNginxWith("-v", kept+":/etc/nginx/conf.d", s.Image); err != nil {
		t.Fatal(err)
	}
	if got := s.answers(); got != "green" {
		t.Errorf("after nginx was made anew %q answers", got)
	}
	found, _ = s.diagnosed(0)
	hasNot(t, found, "not-persistent")
}

// baked is an image of nginx that holds the configuration.
func (s *shop) baked() string {
	s.t.Helper()
	image, carrier := "bluegate-baked:"+s.Name, s.Name+"-carrier"
	docker(s.t, "create", "--name", carrier, s.Image)
	docker(s.t, "cp", s.Conf, carrier+":/etc/nginx/conf.d/default.conf")
	docker(s.t, "commit", carrier, image)
	docker(s.t, "rm", carrier)
	s.t.Cleanup(func() { docker(s.t, "rm", "-f", s.Nginx); docker(s.t, "rmi", image) })
	return image
}

// answers is the colour that users meet.
func (s *shop) answers() string {
	s.t.Helper()
	resp, err := http.Get(s.URL)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.Header.Get("X-Colour")
}
