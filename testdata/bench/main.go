// Command bench measures whole deployments of the demo shop: bluegate next to what people use instead, on the same
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

	"bluegate/testdata/stand"
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
	if err := stand.Prepare(".", "sid"); err != nil {
		return err
	}
	about, err := surroundings(path)
	if err != nil {
		return err
	}
	doc := &document{path: o.out}
	doc.section("surroundings", about)
	start, err := startUp(path)
	if err != nil {
		return err
	}
	claims, err := race(ctx, doc, path, o)
	if err != nil {
		return err
	}
	claims = append(claims, start)
	if o.scale != "" {
		more, err := grow(ctx, doc, path, o.scale)
		if err != nil {
			return err
		}
		claims = append(claims, more...)
	}
	doc.section("verdict", verdict(claims))
	return doc.write()
}

// race lets every contender deploy in turns, so that what else the machine does meets all of them alike.
func race(ctx context.Context, doc *document, bluegate string, o options) ([]claim, error) {
	field := contenders(o.only)
	var trials []*trial
	defer func() {
		for _, t := range trials {
			if err := t.close(); err != nil {
				fmt.Fprintln(os.Stderr, "bench:", err)
			}
		}
	}()
	for _, c := range field {
		t, err := open(bluegate, c)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
		trials = append(trials, t)
	}
	results := map[string][]result{}
	for round := range o.rounds {
		for _, t := range trials {
			if t.rounds > 0 && round >= t.rounds {
				continue
			}
			r, err := t.deploy(ctx)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", t.name, err)
			}
			fmt.Printf("%-44s users on it %s, lost %d of %d\n", t.name, r.toUsers.Round(msRound), r.lost, r.requests)
			results[t.name] = append(results[t.name], r)
		}
	}
	doc.section("race", raceTable(field, results))
	doc.section("steps", stepsTable(field, results))
	return raceClaims(results), nil
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
