// Command bluegate is a gate between a new release of a Docker Compose application and its users.
package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	// A reader of our output that goes away (bluegate deploy | head -1) must not end a deployment in its middle. The
	// signal is caught and not ignored: hooks would inherit that, and theirs would never end.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	os.Exit(run(interruptible(os.Stderr, os.Exit), os.Args[1:], process{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv, Environ: os.Environ()}))
}
