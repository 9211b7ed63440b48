// Command bluegate is a gate between a new release of a Docker Compose application and its users.
package main

import (
	"os"
	"os/signal"
	"syscall"

	"bluegate/cmd/bluegate/ui"
)

func main() {
	// A deployment must not end in the middle because the reader of its output is gone (bluegate deploy | head -1). The
	// signal is caught, not ignored: hooks would inherit an ignored signal, and their pipelines would never end.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	stderr := &ui.Terminal{File: os.Stderr}
	os.Exit(run(interruptible(stderr, os.Exit), os.Args[1:], process{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: stderr, Getenv: os.Getenv, Environ: os.Environ()}))
}
