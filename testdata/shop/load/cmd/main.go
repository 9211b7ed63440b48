// Command cmd sends the demo shop the load of all kinds of user, and says what they lost:
//
//	go run ./testdata/shop/load/cmd --for 30s http://127.0.0.1:8080
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"bluegate/testdata/shop/load"
)

const (
	exitNothingLost = 0
	exitLost        = 1
	exitUsage       = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run ends after --for or with ctx, whichever comes first; the record is printed either way.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("load", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, "usage: load [flags] URL\n\nExit codes: 0 nothing was lost, 1 something was, 2 usage.\n\n")
		flags.PrintDefaults()
	}
	var options load.Options
	flags.Func("kinds", "comma-separated `kinds` of user (default all: "+names(load.AllKinds())+")", func(text string) error {
		for kind := range strings.SplitSeq(text, ",") {
			options.Kinds = append(options.Kinds, load.Kind(kind))
		}
		return nil
	})
	length := flags.Duration("for", 10*time.Second, "how long")
	flags.IntVar(&options.Workers, "workers", 0, "users of each kind (default 4)")
	flags.IntVar(&options.Rate, "rate", 0, "short requests per second of all users together (default 300)")
	flags.DurationVar(&options.Long, "long", 0, "how long a long request takes (default 1s)")
	flags.DurationVar(&options.Stream, "stream", 0, "how long a stream goes on (default 2s)")
	if err := flags.Parse(args); err != nil {
		return exitUsage
	}
	if flags.NArg() != 1 {
		flags.Usage()
		return exitUsage
	}

	ctx, cancel := context.WithTimeout(ctx, *length)
	defer cancel()
	users, err := load.Start(ctx, flags.Arg(0), options)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return exitUsage
	}
	<-ctx.Done()
	record := users.Stop()
	fmt.Fprint(stdout, record)
	if record.Lost() > 0 {
		return exitLost
	}
	return exitNothingLost
}

func names(kinds []load.Kind) string {
	text := make([]string, len(kinds))
	for i, kind := range kinds {
		text[i] = string(kind)
	}
	return strings.Join(text, ",")
}
