package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"bluegate/deploy/model"
	"bluegate/testdata/pace"
	"bluegate/testdata/sample"
	"bluegate/testdata/stand"
)

// watching is a `bluegate watch` that runs next to what a test does.
type watching struct {
	mu    sync.Mutex
	lines []string
	more  chan struct{}
}

// watches starts `bluegate watch`; it is ended at the end of the test, and has to end well.
func (s *shop) watches(args ...string) *watching {
	s.t.Helper()
	cmd := s.Command(context.Background(), []string{"XDG_STATE_HOME=" + s.t.TempDir()}, append([]string{"watch", "--listen", "127.0.0.1:0"}, args...)...)
	out, err := cmd.StderrPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	cmd.Stdout = os.Stdout
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	w := &watching{more: make(chan struct{}, 1)}
	read := make(chan struct{})
	go func() {
		defer close(read)
		w.read(out)
	}()
	s.t.Cleanup(func() {
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			s.t.Error(err)
		}
		<-read
		if err := cmd.Wait(); err != nil {
			s.t.Errorf("watch ended with %v", err)
		}
		if s.t.Failed() {
			s.t.Logf("what watch said:\n%s", w.said())
		}
	})
	return w
}

func (w *watching) read(out io.Reader) {
	for lines := bufio.NewScanner(out); lines.Scan(); {
		w.mu.Lock()
		w.lines = append(w.lines, lines.Text())
		w.mu.Unlock()
		select {
		case w.more <- struct{}{}:
		default:
		}
	}
}

func (w *watching) said() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Join(w.lines, "\n")
}

// awaits waits until watch has said each of the texts, in this order.
func (w *watching) awaits(t *testing.T, texts ...string) {
	t.Helper()
	late := time.After(pace.Limit(4 * time.Minute))
	for {
		rest, missing := w.said(), ""
		for _, text := range texts {
			_, after, found := strings.Cut(rest, text)
			if !found {
				missing = text
				break
			}
			rest = after
		}
		if missing == "" {
			return
		}
		select {
		case <-w.more:
		case <-late:
			t.Fatalf("watch never said %q", missing)
		}
	}
}

// A release that fails again and again is restarted within the budget, then rolled back once, and then a person is called.
// What is healthy is never touched, and a deployment by hand ends the matter.
func TestHealing(t *testing.T) {
	sample.Test(t, 7)
	t.Parallel()
	// Healthy for a while after each start, then unhealthy until it is restarted. Only one service has the fault.
	sick := func(_, text string) string {
		return strings.Replace(text, "environment: {", `environment: {FLAP: "${FLAP:-0s}", `, 1)
	}
	flap := "FLAP=" + pace.Limit(15*time.Second).String()
	s := newShop(t, stand.Options{Edit: sick, Config: quick + `
watch:
  every: 1s
  on_unhealthy: rollback
  heal: {restarts: 2, within: 1h, backoff: 1s}
`})
	s.deploys(0, model.Started, []string{flap}, "blue")
	if err := s.StartNginx(); err != nil {
		t.Fatal(err)
	}
	s.deploys(0, model.Promoted, []string{"VERSION=v2", flap})
	s.disturbed = true // containers are restarted while commands run
	started := func(container string) string { return inspect(t, s.Name+"-"+container+"-1", "{{.State.StartedAt}}") }
	green, signal := started("was-green"), started("signal-green")
	w := s.watches("--listen", "127.0.0.1:0")
	container := `container "` + s.Name + "-was-green-1" + `"`
	w.awaits(t, "live: unknown → healthy", "live: healthy → down", container+" was restarted (1 of 2)", container+" was restarted (2 of 2)", "rolling back from release", "rolled back")
	if started("was-green") == green || started("signal-green") != signal {
		t.Error("the unhealthy container was not restarted, or the healthy one was")
	}
	if id := s.run(nil, "status").Report.Live; id != model.Blue {
		t.Errorf("live: %q", id)
	}
	blue := started("was-blue")
	w.awaits(t, "a person is needed: blue is not healthy either, after the rollback from release")
	if started("was-blue") != blue {
		t.Error("the colour that came back was restarted")
	}
	s.deploys(0, model.Promoted, []string{"VERSION=v2"})
	green = started("was-green")
	w.awaits(t, "a person is needed", "green is live", "live: down → healthy")
	if r := s.run(nil, "watch", "--once"); r.Code != 0 || len(r.Report.Checks) != 1 || r.Report.Checks[0].Status != "ok" {
		t.Errorf("watch --once next to a watch: %d %+v", r.Code, r.Report.Checks)
	}
	if started("was-green") != green {
		t.Error("the release that was deployed by hand was restarted")
	}
}

// The checks of the live colour follow it through a deployment, which alarms nobody, and so do the checks that are asked
// from where nginx stands.
func TestWatchThroughADeployment(t *testing.T) {
	sample.Test(t, 5)
	t.Parallel()
	s := openShop(t, stand.Options{Config: quick + `
colours: {blue: {port: 3000}, green: {port: 3002}}
checks: [{http: "http://was-{colour}:{port}/health"}]
watch:
  every: 1s
  checks: [{name: edge, tcp: "127.0.0.1:80", from: nginx}]
`})
	once := func(live model.Colour) {
		t.Helper()
		r := s.run(nil, "watch", "--once")
		if r.Code != 0 || r.Report.Live != live || len(r.Report.Checks) != 3 {
			t.Errorf("watch --once: %d, live %q, %+v", r.Code, r.Report.Live, r.Report.Checks)
		}
	}
	once(model.Blue)
	w := s.watches("--listen", "127.0.0.1:0")
	const check = "GET http://was-{colour}:{port}/health"
	for _, name := range []string{"live", check, "edge"} {
		w.awaits(t, name+": unknown → healthy")
	}
	s.deploys(0, model.Promoted, []string{"VERSION=v2"})
	w.awaits(t, "deployment: deploy by", "the deployment ended; green is live")
	once(model.Green)
	if said := w.said(); strings.Contains(said, "→ down") || strings.Contains(said, "→ degraded") {
		t.Errorf("a deployment alarmed somebody:\n%s", said)
	}
}

// The checkup.json of a folder with an application becomes part of the file that init proposes for the application.
func TestInitWithCheckup(t *testing.T) {
	t.Parallel()
	s := openShop(t, stand.Options{})
	if err := os.Remove(filepath.Join(s.Dir, "bluegate.yml")); err != nil {
		t.Fatal(err)
	}
	checkup := `{"checkers":[{"type":"http","endpoint_name":"home","endpoint_url":"` + s.URL + `/","attempts":2}],"notifier":{"name":"slack","webhook":"a-secret"}}`
	if err := os.WriteFile(filepath.Join(s.Dir, "checkup.json"), []byte(checkup), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := s.Run(context.Background(), nil, "init", "--progress", "quiet")
	written, _ := os.ReadFile(filepath.Join(s.Dir, "bluegate.yml"))
	if err != nil || r.Code != 0 || !strings.Contains(string(written), "{name: home, http: \""+s.URL+"/\"") || strings.Contains(string(written)+r.Stdout, "a-secret") {
		t.Fatalf("init: %d, %v\n%s\n%s", r.Code, err, r.Stdout, written)
	}
	if once := s.run(nil, "watch", "--once"); once.Code != 0 || len(once.Report.Checks) != 2 || len(once.Report.Findings) == 0 {
		t.Errorf("watch --once: %d, %+v, %+v", once.Code, once.Report.Checks, once.Report.Findings)
	}
}

// The Compose service of docs/watch.md, as it is printed there, watches a shop: its healthcheck is answered, its page knows
// which colour is live, and its history is in its volume. The image is what a release's image is made of.
func TestWatchAsAComposeService(t *testing.T) {
	sample.Test(t, 7)
	t.Parallel()
	s := openShop(t, stand.Options{})
	document := textOf(t, filepath.Join(root, "docs", "watch.md"))
	_, text, _ := strings.Cut(document, "A Compose service.")
	_, text, _ = strings.Cut(text, "```yaml\n")
	text, _, found := strings.Cut(text, "```")
	if !found {
		t.Fatal("docs/watch.md has no Compose service")
	}
	name, folder := s.Name+"-watch", t.TempDir()
	port := ports(t, 1)[0]
	text = strings.NewReplacer("bluegate:latest", name+":1", "/srv/shop", s.Dir, "127.0.0.1:9460:9460", "127.0.0.1:"+port+":9460").Replace(text)
	program, err := os.ReadFile(bluegate)
	if err != nil {
		t.Fatal(err)
	}
	probe, err := os.ReadFile(filepath.Join(filepath.Dir(bluegate), "bluegate-healthcheck"))
	if err != nil {
		t.Fatal(err)
	}
	for file, content := range map[string][]byte{
		"bluegate": program, "healthcheck": probe, "bluegate-healthcheck-linux-" + runtime.GOARCH: probe,
		"Dockerfile": []byte("FROM scratch\nCOPY bluegate* healthcheck /\nENTRYPOINT [\"/bluegate\"]\n"), "compose.yml": []byte(text),
	} {
		if err := os.WriteFile(filepath.Join(folder, file), content, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { sweep(t, name) })
	docker(t, "build", "--quiet", "--tag", name+":1", folder)
	if err := composeUp(t.Context(), name, []string{filepath.Join(folder, "compose.yml")}, nil, nil, []string{"BLUEGATE_WATCH_TOKEN=a-long-token-of-the-test"}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the service is healthy", func() bool { return inspect(t, name+"-watch-1", "{{.State.Health.Status}}") == "healthy" })
	ask := func(token string) (code int, body string) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1:"+port+"/api/v1/state", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, _ := io.ReadAll(answer.Body)
		return answer.StatusCode, string(text)
	}
	eventually(t, "the page knows that blue is live", func() bool {
		code, body := ask("a-long-token-of-the-test")
		var state struct{ Live model.Colour }
		return code == http.StatusOK && json.Unmarshal([]byte(body), &state) == nil && state.Live == model.Blue && strings.Contains(body, s.Name+"-was-blue-1")
	})
	if code, _ := ask("another"); code != http.StatusUnauthorized {
		t.Errorf("without the token: %d", code)
	}
	docker(t, "restart", name+"-watch-1")
	eventually(t, "it is healthy after a restart", func() bool { return inspect(t, name+"-watch-1", "{{.State.Health.Status}}") == "healthy" })
}
