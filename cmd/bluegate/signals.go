package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"

	"bluegate/deploy"
)

// interruptible returns a context that ends with the first INT, TERM or HUP; the cause says which. What was begun is
// undone then. A second one ends the process at once and leaves the rest to `bluegate settle`. Who starts a deployment
// with nohup wants it to outlive the session: a HUP that is ignored stays so.
func interruptible() context.Context {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) {
		signal.Notify(signals, syscall.SIGHUP)
	}
	go func() {
		for s := range signals {
			number, _ := s.(syscall.Signal)
			if ctx.Err() != nil {
				os.Exit(128 + int(number))
			}
			cancel(&deploy.InterruptedError{Signal: int(number), Name: unix.SignalName(number)})
		}
	}()
	return ctx
}
