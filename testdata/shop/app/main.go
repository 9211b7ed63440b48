// Command app is the demo shop: one program for both of its services, made to be deployed, and to go wrong in any
// way that a release can go wrong. Every fault is an environment variable (see config.go), so that a bad release is
// an image with one more ENV line.
//
// On SIGTERM it exits at once and cuts what is in flight, on purpose: "no request was lost" proves something about
// the deployment only if the application does nothing to help.
package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

func main() {
	os.Exit(run(os.Getenv, os.Stdout))
}

// run serves until it is told to stop or a fault ends it, and returns the process's exit code.
func run(getenv func(string) string, stdout io.Writer) int {
	cfg, err := readConfig(getenv)
	if err != nil {
		fmt.Fprintln(stdout, "shop: error:", err)
		return 2
	}
	// A container's PID 1 is not killed by a signal that it does not handle: without this, every stop would last
	// as long as the grace period.
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	if cfg.ignoreSIGTERM {
		signal.Ignore(syscall.SIGTERM)
	}

	listener, err := net.Listen("tcp", net.JoinHostPort(cfg.listen, cfg.port))
	if err != nil {
		fmt.Fprintln(stdout, "shop: error:", err)
		return 1
	}
	fmt.Fprintln(stdout, "shop: started", cfg)
	if cfg.tell {
		fmt.Fprintln(stdout, everything())
	}
	served := make(chan error, 1)
	go func() { served <- http.Serve(listener, newShop(cfg, time.Now())) }()

	exhausted := make(chan error, 1)
	if cfg.oomAfter != never {
		time.AfterFunc(cfg.oomAfter, func() { exhausted <- exhaustMemory() })
	}
	select {
	case sig := <-stop:
		fmt.Fprintln(stdout, "shop: stopped by", sig)
		return 0
	case <-after(cfg.crashAfter):
		err = errors.New("crashed, as CRASH_AFTER asks")
	case err = <-exhausted:
	case err = <-served:
	}
	fmt.Fprintf(stdout, "shop: fatal: %v; exit %d\n", err, cfg.exitCode)
	return cfg.exitCode
}

// everything is what an application that was written in a hurry logs when it goes wrong.
func everything() string {
	return strings.Join(append(os.Environ(), os.Args...), "\n")
}

// after is time.After with a nil channel, which blocks for ever, for a fault that was not asked for.
func after(d time.Duration) <-chan time.Time {
	if d == never {
		return nil
	}
	return time.After(d)
}
