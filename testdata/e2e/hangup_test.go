package e2e

import (
	"context"
	"io"
	"os"
	"os/exec"
	ossignal "os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"bluegate/testdata/pty"
	"bluegate/testdata/sample"
	"bluegate/testdata/stand"
)

// eventually waits for a condition.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for range 2400 {
		if holds() {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	t.Fatalf("not within a minute: %s", what)
}

func fileHas(path, word string) func() bool {
	return func() bool {
		text, _ := os.ReadFile(path)
		return strings.Contains(string(text), word)
	}
}

// A person's window closes in the middle of a deployment: the kernel sends SIGHUP, and the interactive shell forwards
// another one. The release is undone all the same.
func TestTerminalCloses(t *testing.T) {
	sample.Test(t, 7)
	t.Parallel()
	s := openShop(t, stand.Options{})
	s.config(long)
	// Under nohup these tests would hand on that SIGHUP is ignored; what is caught is not handed on.
	caught := make(chan os.Signal, 1)
	ossignal.Notify(caught, syscall.SIGHUP)
	defer ossignal.Stop(caught)
	pid, said := filepath.Join(t.TempDir(), "pid"), filepath.Join(t.TempDir(), "said")
	s.untouched(func() {
		shell := exec.Command("bash", "--norc", "--noprofile", "-i")
		shell.Dir, shell.Env = s.Dir, os.Environ()
		terminal, err := pty.Start(shell)
		if err != nil {
			t.Fatal(err)
		}
		go func() { _, _ = io.Copy(io.Discard, terminal) }()
		line := "VERSION=v2 sh -c 'echo $$ >" + pid + "; exec " + s.Bluegate + " deploy 2>" + said + "'\n"
		if _, err := terminal.WriteString(line); err != nil {
			t.Fatal(err)
		}
		eventually(t, "a healthy container", fileHas(said, "healthy"))
		text, err := os.ReadFile(pid)
		if err != nil {
			t.Fatal(err)
		}
		number, err := strconv.Atoi(strings.TrimSpace(string(text)))
		if err != nil {
			t.Fatal(err)
		}
		if err := terminal.Close(); err != nil {
			t.Fatal(err)
		}
		_ = shell.Wait()
		eventually(t, "the end of the deployment", func() bool { return syscall.Kill(number, 0) != nil })
		if !fileHas(said, "SIGHUP received")() {
			t.Error("the signal was not acknowledged")
		}
	})
	s.nothingLeft()
}

// Ctrl-C is acknowledged at once. Pressed again it ends the command at once, which says what is left and what to run; a
// SIGTERM in between does not.
func TestCtrlCAgain(t *testing.T) {
	sample.Test(t, 7)
	t.Parallel()
	s := openShop(t, stand.Options{})
	s.config(long + "hooks: {on_failure: [[sleep, '300']]}\n") // holds the undoing up
	said := filepath.Join(t.TempDir(), "said")
	out, err := os.Create(said)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	cmd := s.Command(context.Background(), []string{"VERSION=v2"}, "deploy")
	cmd.Stdout, cmd.Stderr = out, out
	terminal, tty, err := pty.Attach(cmd)
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = tty.Close()
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = terminal.Close() })
	press := func() {
		if _, err := terminal.WriteString("\x03"); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "a healthy container", fileHas(said, "healthy"))
	press()
	eventually(t, "an acknowledgement", fileHas(said, "SIGINT received"))
	eventually(t, "the undoing that is held up", fileHas(said, "on_failure"))
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	time.Sleep(500 * time.Millisecond)
	if err := cmd.Process.Signal(syscall.Signal(0)); err != nil {
		t.Fatalf("SIGTERM after SIGINT ended the command: %v", err)
	}
	press()
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 130 {
		t.Errorf("exit code %d", code)
	}
	if !fileHas(said, "bluegate settle, which finishes or undoes the rest")() {
		t.Error("it does not say what to run")
	}
	s.config(quick)
	if r := s.run(nil, "settle"); r.Code != 0 {
		t.Errorf("settle: %d %s", r.Code, r.Report.Message)
	}
	s.nothingLeft()
}
