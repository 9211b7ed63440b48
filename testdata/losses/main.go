// Command losses measures what a switch loses: for each version of nginx and each way to switch it, real deployments back
// and forth under the load of every kind of client, on apps that exit at once on SIGTERM. It writes the table of
// docs/switching.md, a row as soon as it is measured; rows that it does not measure stay as they are.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"bluegate/testdata/stand"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "losses:", err)
		os.Exit(1)
	}
}

// settings are what the flags say.
type settings struct {
	bluegate string
	file     string
	only     string
	switches int
}

func run(ctx context.Context, args []string, out io.Writer) error {
	var s settings
	flags := flag.NewFlagSet("losses", flag.ContinueOnError)
	flags.StringVar(&s.bluegate, "bluegate", "bin/bluegate", "the executable to measure")
	flags.StringVar(&s.file, "file", "docs/switching.md", "the page whose table is written")
	flags.StringVar(&s.only, "only", "", "semicolon-separated `rows`, each VERSION/MODE; all without it")
	flags.IntVar(&s.switches, "switches", 20, "how many switches for each row")
	list := flags.Bool("list", false, "name the rows, measure none")
	if err := flags.Parse(args); err != nil {
		return err
	}
	rows, err := chosen(s.only)
	if err != nil || *list {
		for _, r := range rows {
			fmt.Fprintln(out, r.key())
		}
		return err
	}
	if s.bluegate, err = filepath.Abs(s.bluegate); err != nil {
		return err
	}
	if _, err := readTable(s.file); err != nil { // before anything is measured for nothing
		return err
	}
	if err := stand.Prepare(".", "bookworm", "sid"); err != nil {
		return err
	}
	return measureAll(ctx, s, rows, out)
}

// measureAll continues after a row that failed: the others are worth having.
func measureAll(ctx context.Context, s settings, rows []row, out io.Writer) error {
	var failed []error
	for i, r := range rows {
		fmt.Fprintf(out, "%s (%d of %d): ", r.key(), i+1, len(rows))
		began := time.Now()
		result, err := measure(ctx, s, r)
		if err == nil {
			err = writeRow(s.file, r, result)
		}
		if err != nil {
			fmt.Fprintf(out, "failed: %v\n", err)
			failed = append(failed, fmt.Errorf("%s: %w", r.key(), err))
			if ctx.Err() != nil {
				break
			}
			continue
		}
		fmt.Fprintf(out, "%s, in %s\n", result.short(), time.Since(began).Round(time.Second))
	}
	return errors.Join(failed...)
}

// row is one line of the table.
type row struct {
	nginx string
	way   stand.Way
}

func (r row) key() string { return r.nginx + "/" + r.way.Name }

// allRows are the table's, in its order.
func allRows() (rows []row) {
	for _, version := range []string{"1.30", "1.22"} {
		for _, way := range stand.Ways() {
			if !way.Suits(version) || way.Name == "values" { // which is edit, at another place
				continue
			}
			rows = append(rows, row{version, way})
			if version == "1.22" && way.Name == "edit" {
				rows = append(rows, row{version, way.With("keepalive_timeout 0")})
			}
		}
	}
	return rows
}

func chosen(only string) ([]row, error) {
	all := allRows()
	if only == "" {
		return all, nil
	}
	var rows []row
	for key := range strings.SplitSeq(only, ";") {
		i := slices.IndexFunc(all, func(r row) bool { return r.key() == strings.TrimSpace(key) })
		if i < 0 {
			return nil, fmt.Errorf("-only: there is no row %q (see -list)", key)
		}
		rows = append(rows, all[i])
	}
	return rows, nil
}
