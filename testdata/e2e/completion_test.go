package e2e

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"bluegate/testdata/pace"
	"bluegate/testdata/pty"
)

// typist types at a shell on a terminal of its own.
type typist struct {
	t        *testing.T
	terminal *os.File
	mu       sync.Mutex
	shown    strings.Builder
}

// newTypist starts a shell in which bluegate completes for real, and prints its arguments when it is called.
func newTypist(t *testing.T, shell ...string) *typist {
	t.Helper()
	bin := t.TempDir()
	stub := fmt.Sprintf("#!/bin/sh\ncase $1 in __complete|completion) exec %s \"$@\" ;; esac\necho \"called: $* :end\"\n", bluegate)
	if err := os.WriteFile(filepath.Join(bin, "bluegate"), []byte(stub), 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(shell[0], shell[1:]...)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "HOME="+cmd.Dir, "ZDOTDIR="+cmd.Dir, "XDG_CONFIG_HOME="+cmd.Dir, "TERM=xterm", "DOCKER_HOST=unix:///nowhere.sock")
	terminal, err := pty.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	w := &typist{t: t, terminal: terminal}
	go w.watch()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = terminal.Close()
	})
	return w
}

func (w *typist) watch() {
	buf := make([]byte, 4096)
	for {
		n, err := w.terminal.Read(buf)
		if err != nil {
			return
		}
		w.mu.Lock()
		w.shown.Write(buf[:n])
		w.mu.Unlock()
	}
}

func (w *typist) keys(text string) {
	w.t.Helper()
	if _, err := w.terminal.WriteString(text); err != nil {
		w.t.Fatal(err)
	}
}

// sees waits until the terminal shows a text.
func (w *typist) sees(text string) {
	w.t.Helper()
	pace.Until(w.t, "the terminal shows "+text, func() error {
		w.mu.Lock()
		defer w.mu.Unlock()
		if strings.Contains(w.shown.String(), text) {
			return nil
		}
		return errors.New("it shows\n" + w.shown.String())
	})
}

// In each shell, on a terminal, commands, colours, flags and their values complete, by the script alone.
func TestCompletionInShells(t *testing.T) {
	t.Parallel()
	if out, err := exec.Command(filepath.Join(root, "testdata", "e2e", "packages.sh"), "zsh", "fish").CombinedOutput(); err != nil {
		t.Fatalf("packages.sh: %v\n%s", err, out)
	}
	for name, c := range map[string]struct {
		shell []string
		load  string
	}{
		"bash": {[]string{"bash", "--norc", "--noprofile", "-i"}, "source <(bluegate completion bash)"},
		"zsh":  {[]string{"zsh", "-f", "-i"}, "autoload -Uz compinit && compinit -u -D && source <(bluegate completion zsh)"},
		"fish": {[]string{"fish", "--no-config", "-i"}, "bluegate completion fish | source"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newTypist(t, c.shell...)
			w.keys(c.load + "; echo loaded: :end\r")
			w.sees("loaded: :end\r\n")
			for _, line := range []struct{ typed, called string }{
				{"bluegate rollb\t", "rollback"}, {"bluegate deploy gre\t", "deploy green"}, {"bluegate deploy --keep-old=st\t", "deploy --keep-old=stopped"},
				{"bluegate deploy --no-pu\t", "deploy --no-pull"}, {"bluegate status --format js\t", "status --format json"},
			} {
				w.keys(line.typed)
				time.Sleep(200 * time.Millisecond) // what is typed during a completion is not seen by every shell
				w.keys("\r")
				w.sees("called: " + line.called + " :end")
			}
		})
	}
}
