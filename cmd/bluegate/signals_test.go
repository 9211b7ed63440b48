package main

import (
	"bytes"
	"context"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"bluegate/deploy"
)

// Only a person who presses Ctrl-C again ends the undoing.
func TestEndsUndo(t *testing.T) {
	for _, test := range []struct {
		name         string
		first, again os.Signal
		since        time.Duration
		person, want bool
	}{
		{"Ctrl-C, Ctrl-C", syscall.SIGINT, syscall.SIGINT, time.Second, true, true},
		{"one key press that arrives twice", syscall.SIGINT, syscall.SIGINT, 10 * time.Millisecond, true, false},
		{"a terminal that closes, and its shell", syscall.SIGHUP, syscall.SIGHUP, time.Second, true, false},
		{"a service manager that repeats itself", syscall.SIGTERM, syscall.SIGTERM, time.Second, false, false},
		{"GitHub cancels a job", syscall.SIGINT, syscall.SIGTERM, 7500 * time.Millisecond, false, false},
		{"the same, with a terminal", syscall.SIGINT, syscall.SIGTERM, 7500 * time.Millisecond, true, false},
		{"Ctrl-C, then the terminal is closed", syscall.SIGINT, syscall.SIGHUP, time.Second, true, false},
		{"the terminal's session ends, then Ctrl-C", syscall.SIGHUP, syscall.SIGINT, time.Second, true, false},
		{"a program that sends SIGINT twice", syscall.SIGINT, syscall.SIGINT, time.Second, false, false},
	} {
		if got := endsUndo(test.first, test.again, test.since, func() bool { return test.person }); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
	for _, word := range []string{"remain", "journal", "bluegate settle"} {
		if !strings.Contains(endedAtOnce, word) {
			t.Errorf("the last words do not say %q", word)
		}
	}
}

// The first signal is acknowledged, also with --quiet.
func TestAcknowledged(t *testing.T) {
	for _, quiet := range []bool{false, true} {
		ctx, cancel := context.WithCancelCause(t.Context())
		said := &lines{came: make(chan string, 8)}
		c := &command{process: process{Stderr: said, Getenv: noEnvironment}, ctx: ctx, name: "deploy", quiet: quiet}
		c.progress()
		cancel(&deploy.InterruptedError{Signal: 15, Name: "SIGTERM"})
		select {
		case line := <-said.came:
			if !strings.Contains(line, "SIGTERM received") || strings.Contains(line, "Ctrl-C") {
				t.Errorf("quiet %v: %q", quiet, line)
			}
		case <-time.After(time.Minute):
			t.Errorf("quiet %v: nothing was said", quiet)
		}
	}
	interrupted := &deploy.InterruptedError{Signal: 2, Name: "SIGINT"}
	if text := acknowledgement("deploy", interrupted, true); !strings.Contains(text, "Ctrl-C again") || !strings.Contains(text, "bluegate settle") {
		t.Errorf("%q", text)
	}
	if text := acknowledgement("status", interrupted, true); text != "SIGINT received: stopping" {
		t.Errorf("%q", text)
	}
}

// lines sends each write to a channel.
type lines struct{ came chan string }

func (l *lines) Write(p []byte) (int, error) {
	l.came <- string(bytes.TrimSpace(p))
	return len(p), nil
}
