package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"bluegate/deploy/model"
	"bluegate/testdata/pace"
	"bluegate/testdata/stand"
)

// What a command says is what is true: about an image that does not exist, an nginx that is stopped, a file that has a
// mistake, the containers after a deployment, a drain that was interrupted, and a release that bakes.
func TestWhatIsSaidIsTrue(t *testing.T) {
	t.Parallel()
	s := openShop(t, stand.Options{})
	text := func(args ...string) string {
		r, err := s.Run(t.Context(), []string{"VERSION=v2"}, args...)
		if err != nil {
			t.Fatal(err)
		}
		return r.Stdout + r.Stderr
	}

	// An image that is not on the engine, and of which no registry can be asked, is not said to be there.
	if r := s.run([]string{"VERSION=no-such-version"}, "deploy", "--dry-run"); r.Code == 0 && !hasFinding(r, "not-checked") {
		t.Errorf("the dry run of an image that does not exist is green without a word: %v", r.Report.Findings)
	}

	// A stopped nginx serves nobody, and a refusal has no plan below it that removes what serves.
	docker(t, "stop", s.Nginx)
	r := s.run(nil, "status")
	if string(r.Report.State) != "down" || r.Report.Outcome == model.OK {
		t.Errorf("status with nginx stopped: %q, %s, exit %d", r.Report.State, r.Report.Outcome, r.Code)
	}
	if start := strings.Fields(r.Report.Run); !slices.Equal(start, []string{"docker", "start", s.Nginx}) {
		t.Errorf("it says to run %q", r.Report.Run)
	}
	docker(t, "start", s.Nginx)
	s.await()
	s.age()
	conf := s.conf()
	if err := os.WriteFile(s.Conf, []byte(strings.Replace(conf, "2s;", "3s;", 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	if out := text("deploy", "--dry-run"); !strings.Contains(out, string(model.ConfigNotLoaded)) || strings.Contains(out, s.Name+"-was-blue-1") {
		t.Errorf("a refusal shows a plan:\n%s", out)
	}
	if err := os.WriteFile(s.Conf, []byte(conf), 0o644); err != nil {
		t.Fatal(err)
	}
	docker(t, "exec", s.Nginx, "nginx", "-s", "reload")

	// The place of a mistake is shown, although the project's folder is in Compose's environment.
	file := filepath.Join(s.Dir, "compose.green-deploy.yml") // read after blue's, which teaches what is secret
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, append(slices.Clone(before), "nonsense: [\n"...), 0o644); err != nil {
		t.Fatal(err)
	}
	if out := text("status"); !strings.Contains(out, filepath.Base(file)) || strings.Contains(out, "****") {
		t.Errorf("the place of a mistake is hidden:\n%s", out)
	}
	if err := os.WriteFile(file, before, 0o644); err != nil {
		t.Fatal(err)
	}

	// After a deployment its report lists the containers as they are then.
	s.age()
	r = s.deploys(0, model.Promoted, []string{"VERSION=v2"})
	if !slices.ContainsFunc(r.Report.Containers, func(c model.Container) bool { return c.Colour == model.Green && strings.Contains(c.Image, "v2") }) {
		t.Errorf("no container of the release is in its report: %+v", r.Report.Containers)
	}

	// What a dry run of a rollback says is what the rollback does, after a drain that was interrupted too.
	end := s.stream()
	b := s.start([]string{"VERSION=v2"}, "deploy")
	b.until("drain")
	b.end(syscall.SIGKILL)
	planned := s.run(nil, "rollback", "--dry-run")
	if err := end(); err != nil {
		t.Errorf("the stream was cut: %v", err)
	}
	done := s.run(nil, "rollback")
	if planned.Code != done.Code {
		t.Errorf("rollback --dry-run ended with %d (%s), rollback with %d (%s)", planned.Code, planned.Report.Message, done.Code, done.Report.Message)
	}
	if got := s.answers(); done.Code == 0 && got != string(done.Report.Live) {
		t.Errorf("%q answers, the rollback says %q", got, done.Report.Live)
	}

	// While a release bakes, the gate is open already, and the outcome says who is live.
	s.config("gate: {stable: 500ms}\nbake: {for: 6s}\n")
	baked, err := s.Run(t.Context(), []string{"VERSION=v2"}, "deploy")
	if err != nil {
		t.Fatal(err)
	}
	if _, bakes, _ := strings.Cut(baked.Stderr, "bak"); strings.Contains(bakes, "the gate opens") || !strings.Contains(baked.Stdout, "is live") {
		t.Errorf("of a release that bakes:\n%s%s", baked.Stdout, baked.Stderr)
	}
}

// await waits until nginx answers.
func (s *shop) await() {
	s.t.Helper()
	for began := time.Now(); ; time.Sleep(100 * time.Millisecond) {
		if resp, err := http.Get(s.URL); err == nil {
			_ = resp.Body.Close()
			return
		}
		if time.Since(began) > pace.Limit(time.Minute) {
			s.t.Fatal("nginx does not answer")
		}
	}
}
