package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"bluegate/deploy"
)

// interruptible returns a context that ends with the first INT, TERM or HUP; its cause names the signal. It also ends
// when told is closed: the docker command says so that it was interrupted, and not by which signal. The command then undoes what it began. Only Ctrl-C at a terminal, pressed again, calls exit. Everything else that repeats a
// signal does not know what it would leave: a terminal that closes sends HUP, and so does its shell; CI sends INT, then
// TERM. If HUP is ignored, as with nohup, it stays ignored.
func interruptible(stderr io.Writer, told <-chan struct{}, exit func(code int)) context.Context {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) {
		signal.Notify(signals, syscall.SIGHUP)
	}
	go func() {
		var first syscall.Signal
		select {
		case s := <-signals:
			first, _ = s.(syscall.Signal)
			cancel(&deploy.InterruptedError{Signal: int(first), Name: signalName(first)})
		case <-told:
			first = syscall.SIGTERM
			cancel(&deploy.InterruptedError{Signal: int(first), Name: "a signal to the docker command"})
		}
		began := time.Now()
		for s := range signals {
			if endsUndo(first, s, time.Since(began), atTerminal) {
				_, _ = io.WriteString(stderr, endedAtOnce)
				exit(128 + int(syscall.SIGINT))
			}
		}
	}()
	return ctx
}

// samePress is the time after the first SIGINT in which another one belongs to the same key press: the terminal signals
// every process of the foreground group, and a wrapper such as npm forwards its own signal.
const samePress = 300 * time.Millisecond

// endsUndo says whether a repeated signal is a person's decision to leave the rest to settle.
func endsUndo(first, again os.Signal, since time.Duration, person func() bool) bool {
	return first == syscall.SIGINT && again == syscall.SIGINT && since >= samePress && person()
}

// endedAtOnce is the last message of a process that exits before everything is undone.
const endedAtOnce = `
bluegate: SIGINT again: ended before everything was undone
  may remain: containers and images of the release, its journal entry, and a lock that clears itself
  run: bluegate settle, which finishes or undoes the rest; bluegate status says which colour is live
`

// acknowledge reports the first signal at once: undoing may take minutes.
func acknowledge(ctx context.Context, name string, say func(format string, args ...any)) {
	context.AfterFunc(ctx, func() {
		var interrupted *deploy.InterruptedError
		if !errors.As(context.Cause(ctx), &interrupted) {
			return
		}
		say("%s", acknowledgement(name, interrupted, atTerminal()))
	})
}

func acknowledgement(command string, interrupted *deploy.InterruptedError, person bool) string {
	switch command {
	case "deploy", "rollback", "promote", "settle", "drill":
	default:
		return interrupted.Name + " received: stopping"
	}
	text := fmt.Sprintf("%s received: stopping; undoing what users are not on yet", interrupted.Name)
	if person && syscall.Signal(interrupted.Signal) == syscall.SIGINT {
		text += "; Ctrl-C again ends at once and leaves the rest to `bluegate settle`"
	}
	return text
}
