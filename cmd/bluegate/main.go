// Command bluegate is a gate between a new release of a Docker Compose application and its users.
package main

import (
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"bluegate/cmd/bluegate/ui/progress"
	"bluegate/deploy/model"
)

func main() {
	// A deployment must not end in the middle because the reader of its output is gone (bluegate deploy | head -1). The
	// signal is caught, not ignored: hooks would inherit an ignored signal, and their pipelines would never end.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	stderr := &progress.Terminal{File: os.Stderr}
	// Some services of notifications send with this client, which would wait for ever.
	http.DefaultClient.Timeout = time.Minute
	p := process{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: stderr, Getenv: os.Getenv, Environ: os.Environ()}
	args, told := os.Args[1:], make(chan struct{})
	if isPlugin(os.Args[0], args, os.Getenv) {
		var err error
		if p.Docker, args, err = pluginArguments(args); err != nil {
			fmt.Fprintln(stderr, "bluegate:", err)
			os.Exit(model.Malformed.ExitCode())
		}
		whenDockerEnds(func() { close(told) })
	}
	os.Exit(run(interruptible(stderr, told, os.Exit), args, p))
}
