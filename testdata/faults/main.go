// Command faults runs the catalogue of faults that bluegate must survive: the built program against real engines and a
// real nginx, under a load client. It prints a table, and writes it between the marks of docs/faults.md.
//
//	go run ./testdata/faults -rows B3,B4 -every 5
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"bluegate/testdata/stand"
)

type options struct {
	rows     string
	every    int
	random   int
	seed     uint64
	parallel int
	deploys  int
	out      string
	inside   string // the folder of a worker's engine; set by the program itself
	bluegate string
	images   string
}

func parse() options {
	var o options
	flag.StringVar(&o.rows, "rows", "", "only these, e.g. `A1,B3`, or a letter for all of its rows")
	flag.IntVar(&o.every, "every", 1, "kill at every `n`-th point of a deployment")
	flag.IntVar(&o.random, "random", 200, "`n` kills at random moments")
	flag.Uint64Var(&o.seed, "seed", uint64(time.Now().UnixNano()), "of what is random")
	flag.IntVar(&o.parallel, "parallel", 2, "`n` rows at once, each with an engine of its own")
	flag.IntVar(&o.deploys, "deploys", 50, "`n` deployments in a row, good and bad mixed")
	flag.StringVar(&o.out, "out", "", "write the table between the marks of this `file`")
	flag.StringVar(&o.inside, "inside", "", "run rows from standard input in this `folder`; for the program itself")
	flag.StringVar(&o.bluegate, "bluegate", "", "the built program; empty: it is built")
	flag.StringVar(&o.images, "images", "", "an archive of the images; empty: it is made")
	flag.Parse()
	o.every, o.parallel = max(o.every, 1), max(o.parallel, 1)
	return o
}

func main() {
	o := parse()
	var err error
	if o.inside != "" {
		err = work(o)
	} else {
		err = suite(o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "faults:", err)
		os.Exit(1)
	}
}

var errFailed = errors.New("not every row passed")

// suite runs the chosen rows and shows the table.
func suite(o options) error {
	root, err := moduleRoot()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "bluegate-faults-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := prepare(root, dir, &o); err != nil {
		return err
	}
	rows := chosen(catalogue(), o.rows)
	if len(rows) == 0 {
		return fmt.Errorf("no row is called %q", o.rows)
	}
	began := time.Now()
	outcomes, err := runAll(root, dir, o, rows)
	if err != nil {
		return err
	}
	var before, have, after string
	if o.out != "" {
		if before, have, after, err = betweenMarks(o.out); err != nil {
			return err
		}
	}
	text := table(have, rows, outcomes, o, time.Since(began))
	fmt.Print(text)
	if o.out != "" {
		if err := os.WriteFile(o.out, []byte(before+tableBegins+"\n"+text+tableEnds+after), 0o644); err != nil {
			return err
		}
	}
	for _, outcome := range outcomes {
		if !outcome.Pass {
			return errFailed
		}
	}
	return nil
}

// prepare builds the program and packs the images for the engines.
func prepare(root, dir string, o *options) (err error) {
	if o.bluegate == "" {
		if o.bluegate, err = stand.Build(root, dir); err != nil {
			return err
		}
	}
	if o.bluegate, err = filepath.Abs(o.bluegate); err != nil {
		return err
	}
	if o.images != "" {
		return nil
	}
	if err := stand.Prepare(root, "bookworm", "sid"); err != nil {
		return err
	}
	o.images = filepath.Join(dir, "images.tar")
	_, err = stand.Docker("save", "-o", o.images, "bluegate-shop:v1", "bluegate-shop:v2", "bluegate-shop:v3", "bluegate-nginx:1.30", "bluegate-nginx:1.22")
	return err
}

// moduleRoot is the folder of go.mod, from here upwards.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("this is not in bluegate's source tree")
		}
		dir = filepath.Dir(dir)
	}
}
