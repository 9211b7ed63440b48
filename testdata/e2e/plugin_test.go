package e2e

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/docker/cli/cli-plugins/metadata"
	"github.com/docker/cli/cli-plugins/socket"

	"bluegate/deploy/model"
	"bluegate/testdata/pty"
	"bluegate/testdata/sample"
	"bluegate/testdata/stand"
)

// plugin installs bluegate as a plugin of the docker command, and returns the configuration directory and the executable.
func plugin(t *testing.T) (config, executable string) {
	t.Helper()
	config = t.TempDir()
	executable = filepath.Join(config, "cli-plugins", "docker-bluegate")
	if err := os.Mkdir(filepath.Dir(executable), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(bluegate, executable); err != nil {
		t.Fatal(err)
	}
	return config, executable
}

// tellingDocker is a docker command that tells its plugins when it is interrupted; empty: this machine has none. Those
// before 25 do not.
func tellingDocker(t *testing.T) string {
	t.Helper()
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		path := filepath.Join(dir, "docker")
		text, err := os.ReadFile(path)
		if err == nil && bytes.Contains(text, []byte(socket.EnvKey)) {
			return path
		}
	}
	return ""
}

// called is `docker bluegate …` in the shop's folder.
func (s *shop) called(docker, config string, args ...string) *exec.Cmd {
	cmd := s.Command(context.Background(), []string{"VERSION=v2", "DOCKER_CONFIG=" + config}, args...)
	cmd.Path, cmd.Args = docker, append([]string{docker, "bluegate"}, args...)
	return cmd
}

// The docker command lists bluegate among its plugins, and hands its own flags on.
func TestPlugin(t *testing.T) {
	t.Parallel()
	config, executable := plugin(t)
	docker, err := exec.LookPath("docker")
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(docker, "--config", config, "--help").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "bluegate*") {
		t.Errorf("docker --help: %v\n%s", err, out)
	}
	out, _ = exec.Command(docker, "--config", config, "-H", "unix:///nowhere.sock", "bluegate", "status", "--project-directory", config).CombinedOutput()
	wants(t, string(out), "unix:///nowhere.sock")
	out, _ = exec.Command(docker, "--config", config, "--context", "no-such-context", "bluegate", "version").CombinedOutput()
	wants(t, string(out), "no-such-context")
	out, err = exec.Command(executable, "version").CombinedOutput() // called by a person
	if err != nil {
		t.Errorf("docker-bluegate version: %v", err)
	}
	wants(t, string(out), "engine ")
}

// Without a terminal, as in CI, the docker command tells a plugin of its interruption by closing a socket. The deployment is
// undone before the docker command ends.
func TestPluginInterrupted(t *testing.T) {
	t.Parallel()
	s := openShop(t, stand.Options{})
	s.config(long)
	config, executable := plugin(t)
	docker := tellingDocker(t)
	s.untouched(func() {
		interrupt := func(b *background) int { return b.end(syscall.SIGINT) }
		cmd := s.called(docker, config, "deploy")
		want := []int{130, 143} // newer docker commands end with the code of the signal, older ones with the plugin's
		if docker == "" {       // the socket is that of the docker command, and this process closes it
			server, err := socket.NewPluginServer(nil)
			if err != nil {
				t.Fatal(err)
			}
			cmd.Path, want = executable, []int{143}
			cmd.Args = []string{executable, "bluegate", "deploy"}
			cmd.Env = append(cmd.Env, socket.EnvKey+"="+server.Addr().String(), metadata.ReexecEnvvar+"=docker")
			interrupt = func(b *background) int { _ = server.Close(); return b.end(0) }
		}
		b := s.begin(cmd)
		b.until(": healthy")
		if code := interrupt(b); !slices.Contains(want, code) {
			t.Errorf("exit code %d, want one of %v\n%s", code, want, b.text())
		}
		wants(t, b.text(), "a signal to the docker command received")
	})
	s.nothingLeft()
	if r := s.run(nil, "status"); r.Report.Live != model.Blue {
		t.Errorf("live is %q", r.Report.Live)
	}
}

// On a terminal Ctrl-C reaches the docker command and its plugin.
func TestPluginInterruptedAtATerminal(t *testing.T) {
	sample.Test(t, 5)
	t.Parallel()
	s := openShop(t, stand.Options{})
	s.config(long)
	config, _ := plugin(t)
	docker, err := exec.LookPath("docker")
	if err != nil {
		t.Fatal(err)
	}
	s.untouched(func() {
		cmd := s.called(docker, config, "deploy", "--progress", "plain")
		terminal, err := pty.Start(cmd)
		if err != nil {
			t.Fatal(err)
		}
		w := &typist{t: t, terminal: terminal}
		go w.watch()
		t.Cleanup(func() { _ = cmd.Process.Kill(); _ = terminal.Close() })
		w.sees(": healthy")
		w.keys("\x03")
		w.sees("SIGINT received")
		if err := cmd.Wait(); err == nil {
			t.Error("the docker command ended with 0")
		}
		w.sees("interrupted by SIGINT")
	})
	s.nothingLeft()
}
