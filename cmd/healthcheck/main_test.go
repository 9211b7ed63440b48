package main

import (
	"bytes"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"
)

// exec runs the program and fails the test unless it printed to the one stream that its exit code calls for.
func exec(t *testing.T, args ...string) (code int, output string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = run(args, &stdout, &stderr)
	said, silent := &stdout, &stderr
	if code != exitHealthy {
		said, silent = silent, said
	}
	if silent.Len() > 0 {
		t.Errorf("run(%q) = %d printed to the wrong stream: %q", args, code, silent)
	}
	return code, said.String()
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{
		{},
		{"127.0.0.1:3000/health"},
		{"ftp://127.0.0.1/"},
		{"http:///health"},
		{"http://127.0.0.1:1/", "http://127.0.0.1:2/"},
		{"--no-such-flag", "http://127.0.0.1:1/"},
		{"--timeout", "0s", "http://127.0.0.1:1/"},
		{"--timeout", "soon", "http://127.0.0.1:1/"},
		{"http://127.0.0.1:1/", "--status", "ok"},
	} {
		code, output := exec(t, args...)
		if code != exitUsage || !strings.Contains(output, "usage: healthcheck") {
			t.Errorf("run(%q) = %d, %q; want %d and the usage", args, code, output, exitUsage)
		}
	}
}

func TestHelp(t *testing.T) {
	for _, flag := range []string{"-h", "-help", "--help"} {
		if code, output := exec(t, flag); code != exitHealthy || output != usage {
			t.Errorf("run(%s) = %d, %q; want the usage", flag, code, output)
		}
	}
}

// A container that waits stops at once, and is not killed after its grace period.
func TestWaitEndsWithASignal(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		spare := make(chan os.Signal, 1) // else a signal that comes before the program waits ends the test
		signal.Notify(spare, sig)
		ended := make(chan int)
		go func() { ended <- run([]string{"--wait"}, io.Discard, io.Discard) }()
		for code := -1; code < 0; {
			select {
			case code = <-ended:
				if code != exitHealthy {
					t.Errorf("after %s: exit code %d", sig, code)
				}
			case <-time.After(time.Millisecond):
				if err := syscall.Kill(os.Getpid(), sig); err != nil {
					t.Fatal(err)
				}
			}
		}
		signal.Stop(spare)
	}
}
