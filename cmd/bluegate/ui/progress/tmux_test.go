package progress

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bluegate/testdata/pace"
)

// tellVariable makes this test's executable tell the story on its terminal, as bluegate would.
const tellVariable = "BLUEGATE_TEST_STORY"

func TestMain(m *testing.M) {
	if os.Getenv(tellVariable) == "" {
		os.Exit(m.Run())
	}
	stderr := &Terminal{File: os.Stderr}
	s := tellStory(New(context.Background(), stderr, os.Getenv, Options{Mode: Auto}), func(string) {})
	s.faster = 4
	s.prepare()
	s.start()
	s.goLive()
	stderr.Leave()
	fmt.Println("the report")
}

// tmux is a terminal multiplexer with one window. It has its own server.
type tmux struct {
	t      *testing.T
	socket string
}

func newTmux(t *testing.T, columns, rows int) *tmux {
	t.Helper()
	if out, err := exec.Command("../../../../testdata/e2e/packages.sh", "tmux").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	x := &tmux{t, filepath.Join(t.TempDir(), "tmux")}
	x.run("-f", "/dev/null", "new-session", "-d", "-s", "s", "-x", fmt.Sprint(columns), "-y", fmt.Sprint(rows), "env -u CI -u NO_COLOR PS1='$ ' bash --norc --noprofile")
	t.Cleanup(func() { _ = exec.Command("tmux", "-S", x.socket, "kill-server").Run() })
	return x
}

func (x *tmux) run(args ...string) string {
	x.t.Helper()
	out, err := exec.Command("tmux", append([]string{"-S", x.socket}, args...)...).CombinedOutput()
	if err != nil {
		x.t.Fatalf("tmux %v: %v\n%s", args, err, out)
	}
	return string(out)
}

// screen is what the window shows; history is that with what was scrolled away.
func (x *tmux) screen() string { return x.run("capture-pane", "-p", "-t", "s") }
func (x *tmux) history() string {
	return x.run("capture-pane", "-p", "-t", "s", "-S", "-")
}

func (x *tmux) resize(columns, rows int) {
	x.run("resize-window", "-t", "s", "-x", fmt.Sprint(columns), "-y", fmt.Sprint(rows))
}

// until waits until the screen shows a text.
func (x *tmux) until(text string) {
	x.t.Helper()
	pace.Until(x.t, fmt.Sprintf("tmux shows %q", text), func() error {
		if screen := x.screen(); !strings.Contains(screen, text) {
			return fmt.Errorf("it shows:\n%s", screen)
		}
		return nil
	})
}

// In tmux, which breaks lines anew, the window is made narrow, small and large again while a deployment runs. At each
// size the view is whole and there once, and afterwards nothing of it is left, in the history either.
func TestResizeInTmux(t *testing.T) {
	x := newTmux(t, 80, 24)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	x.until("$")
	x.run("send-keys", "-t", "s", fmt.Sprintf("clear; echo before; %s=1 %s", tellVariable, self), "Enter")
	x.until("pulling")
	for _, size := range []struct{ columns, rows int }{{50, 18}, {120, 30}, {40, 10}, {200, 50}} {
		x.resize(size.columns, size.rows)
		time.Sleep(400 * time.Millisecond)
		screen := x.screen()
		if strings.Count(screen, "users: all on") != 1 || strings.Count(screen, "is live") != 1 || strings.Contains(screen, "before") {
			t.Errorf("at %d columns and %d rows:\n%s", size.columns, size.rows, screen)
		}
	}
	x.until("the report\n$") // and the prompt
	want := "before\nthe engine does not answer, asking again: EOF\nthe report\n$"
	if got := x.history(); !strings.Contains(got, want) || strings.Contains(got, "pulled") || strings.Contains(got, "users:") {
		t.Errorf("afterwards:\n%s", got)
	}
}
