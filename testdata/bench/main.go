// Command bench measures whole deployments of the demo shop: bluegate beside what people use instead, on the same
// engine, nginx, application and load, one after the other in turns. It prints tables and writes them to a document.
//
//	bench --bluegate bin/bluegate --rounds 5 --out docs/benchmarks.md
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

func main() {
	var o options
	flag.StringVar(&o.bluegate, "bluegate", "bin/bluegate", "the executable to measure")
	flag.IntVar(&o.rounds, "rounds", 5, "deployments of each contender")
	flag.StringVar(&o.only, "only", "", "contenders to run, by a part of their name, separated by commas")
	flag.StringVar(&o.scale, "scale", "1,10,50,100,200", "numbers of containers in a colour; empty: none")
	flag.StringVar(&o.out, "out", "", "the document whose tables are replaced")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

type options struct {
	bluegate, only, scale, out string
	rounds                     int
}

func run(ctx context.Context, o options) error {
	path, err := filepath.Abs(o.bluegate)
	if err != nil {
		return err
	}
	about, err := surroundings(path)
	if err != nil {
		return err
	}
	doc := &document{path: o.out}
	doc.section("surroundings", about)
	if err := race(ctx, doc, path, o); err != nil {
		return err
	}
	if o.scale != "" {
		if err := grow(ctx, doc, path, o.scale); err != nil {
			return err
		}
	}
	return doc.write()
}

// race lets every contender deploy in turns, so that what else the machine does meets all of them alike.
func race(ctx context.Context, doc *document, bluegate string, o options) error {
	field := contenders(o.only)
	results := map[string][]result{}
	for _, c := range field {
		t, err := open(bluegate, c)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		defer func() {
			if err := t.close(); err != nil {
				fmt.Fprintln(os.Stderr, "bench:", err)
			}
		}()
		for range o.rounds {
			r, err := t.deploy(ctx)
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			fmt.Printf("%-44s users on it %s, lost %d of %d\n", c.name, r.toUsers.Round(msRound), r.lost, r.requests)
			results[c.name] = append(results[c.name], r)
		}
	}
	doc.section("race", raceTable(field, results))
	doc.section("steps", stepsTable(field, results))
	return nil
}

func numbers(list string) (out []int, err error) {
	for word := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(word))
		if err != nil || n < 1 {
			return nil, fmt.Errorf("--scale: %q is no number of containers", word)
		}
		out = append(out, n)
	}
	return out, nil
}
