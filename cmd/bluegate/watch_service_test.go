package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
)

// block is the text of the only block of a language in docs/watch.md that contains a word.
func block(t *testing.T, language, word string) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/watch.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, found := range regexp.MustCompile("(?s)```"+language+"\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		if strings.Contains(found[1], word) {
			return found[1]
		}
	}
	t.Fatalf("docs/watch.md has no %s with %q", language, word)
	return ""
}

// heard collects what a watch says.
type heard struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *heard) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *heard) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// serves runs the command line of a service until its page answers its own healthcheck, and then ends it as a service
// manager does. The folder and the port are the test's.
func serves(t *testing.T, args []string, env map[string]string, health string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "bluegate.yml"), []byte("watch: {checks: [{name: name, dns: localhost}]}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	_ = listener.Close()
	replace := strings.NewReplacer("/srv/shop", dir, "9460", port)
	for i := range args {
		args[i] = replace.Replace(args[i])
	}
	if !slices.Contains(args, "--listen") {
		args = append(args, "--listen", "127.0.0.1:"+port)
	}
	state := t.TempDir()
	if env["XDG_STATE_HOME"] == "" {
		t.Fatal("the service has no place for its history")
	}
	env["XDG_STATE_HOME"] = state
	ctx, cancel := context.WithCancel(t.Context())
	var said heard
	ended := make(chan int)
	go func() {
		ended <- run(ctx, args, process{Stdout: &said, Stderr: &said, Getenv: func(name string) string { return env[name] }})
	}()
	for {
		answer, err := http.Get(replace.Replace(health))
		if err == nil {
			body, _ := io.ReadAll(answer.Body)
			_ = answer.Body.Close()
			if answer.StatusCode != http.StatusOK {
				t.Errorf("its healthcheck: %d %s", answer.StatusCode, body)
			}
			break
		}
		select {
		case code := <-ended:
			t.Fatalf("it ended with %d:\n%s", code, said.String())
		case <-time.After(20 * time.Millisecond):
		}
	}
	cancel()
	if code := <-ended; code != 0 {
		t.Errorf("it ended with %d:\n%s", code, said.String())
	}
	if found, _ := filepath.Glob(filepath.Join(state, "bluegate", "*.db")); len(found) != 1 {
		t.Errorf("histories: %v", found)
	}
}

// The systemd unit of the documents starts a watch that serves its page, keeps its history in the unit's own folder, and
// ends well.
func TestSystemdUnit(t *testing.T) {
	unit := block(t, "ini", "[Service]")
	values := map[string][]string{}
	section := ""
	for line := range strings.Lines(unit) {
		line = strings.TrimSpace(line)
		key, value, assigned := strings.Cut(line, "=")
		switch {
		case strings.HasPrefix(line, "["):
			section = line
		case assigned:
			values[section+key] = append(values[section+key], value)
		}
	}
	env := map[string]string{}
	for _, pair := range values["[Service]Environment"] {
		name, value, _ := strings.Cut(pair, "=")
		env[name] = value
	}
	// systemd makes /var/lib/bluegate for StateDirectory=bluegate.
	if env["XDG_STATE_HOME"] != "/var/lib" || !slices.Equal(values["[Service]StateDirectory"], []string{"bluegate"}) {
		t.Errorf("the history would be in %s/bluegate, the folder of the unit is %v", env["XDG_STATE_HOME"], values["[Service]StateDirectory"])
	}
	if len(values["[Install]WantedBy"]) != 1 || len(values["[Service]Restart"]) != 1 {
		t.Errorf("%v", values)
	}
	command := strings.Fields(values["[Service]ExecStart"][0])
	if !filepath.IsAbs(command[0]) {
		t.Errorf("systemd needs an absolute path, not %s", command[0])
	}
	verified(t, strings.Replace(unit, command[0], "/bin/true", 1))
	serves(t, command[1:], env, "http://127.0.0.1:9460/healthz")
}

// verified has systemd read a unit, where it is installed: what it does not know, it says. None of it runs.
func verified(t *testing.T, unit string) {
	t.Helper()
	program, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Log("systemd-analyze is not here: the unit was not read by systemd")
		return
	}
	file := filepath.Join(t.TempDir(), "bluegate-watch.service")
	if err := os.WriteFile(file, []byte(unit), 0o644); err != nil {
		t.Fatal(err)
	}
	if said, err := exec.Command(program, "verify", file).CombinedOutput(); err != nil || len(said) > 0 {
		t.Errorf("systemd-analyze verify: %v\n%s", err, said)
	}
}

// The Compose service of the documents is one for Compose, and its healthcheck is answered.
func TestComposeService(t *testing.T) {
	t.Setenv("BLUEGATE_WATCH_TOKEN", "a-long-token-of-the-test")
	project, err := loader.LoadWithContext(t.Context(), types.ConfigDetails{
		WorkingDir: t.TempDir(), ConfigFiles: []types.ConfigFile{{Filename: "compose.yml", Content: []byte(block(t, "yaml", "BLUEGATE_WATCH_TOKEN"))}},
		Environment: types.Mapping{"BLUEGATE_WATCH_TOKEN": os.Getenv("BLUEGATE_WATCH_TOKEN")},
	}, func(o *loader.Options) { o.SetProjectName("watch", true) })
	if err != nil {
		t.Fatal(err)
	}
	s := project.Services["watch"]
	env := map[string]string{}
	for name, value := range s.Environment {
		if value != nil {
			env[name] = *value
		}
	}
	volume := slices.ContainsFunc(s.Volumes, func(v types.ServiceVolumeConfig) bool {
		return v.Type == types.VolumeTypeVolume && v.Target == env["XDG_STATE_HOME"]
	})
	if !volume || len(s.HealthCheck.Test) != 3 {
		t.Errorf("the history is not in a volume, or the healthcheck is another one: %+v %v", s.Volumes, s.HealthCheck.Test)
	}
	serves(t, s.Command, env, s.HealthCheck.Test[2])
}
