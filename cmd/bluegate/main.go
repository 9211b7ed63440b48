// Command bluegate is a gate between a new release of a Docker Compose application and its users.
package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	// A reader of our output that goes away (bluegate deploy | head -1) must not end a deployment in its middle.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := interruptible()
	defer stop()
	os.Exit(run(ctx, os.Args[1:], process{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv, Environ: os.Environ()}))
}
