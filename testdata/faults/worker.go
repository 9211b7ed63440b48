package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"bluegate/testdata/stand"
)

// A worker is this program again, inside namespaces with an engine of its own. It reads the rows' ids from its standard
// input and writes what came of them to its standard output, a JSON object a line.

// work is the worker's side.
func work(o options) error {
	root, err := moduleRoot()
	if err != nil {
		return err
	}
	e, err := newEngine(o.inside)
	if err != nil {
		return err
	}
	defer func() { _ = e.kill() }()
	if _, err := stand.Docker("load", "-i", o.images); err != nil {
		return err
	}
	b := &bench{engine: e, root: root, bluegate: o.bluegate, every: o.every, random: o.random, deploys: o.deploys, seed: o.seed}
	say := json.NewEncoder(os.Stdout)
	for ids := bufio.NewScanner(os.Stdin); ids.Scan(); {
		rows := catalogue()
		i := slices.IndexFunc(rows, func(r row) bool { return r.id == ids.Text() })
		if i < 0 {
			return fmt.Errorf("no row is called %q", ids.Text())
		}
		if err := say.Encode(b.try(rows[i])); err != nil {
			return err
		}
	}
	return nil
}

// runAll gives the rows to the workers, and the tests that show rows to the go command.
func runAll(root, dir string, o options, rows []row) (map[string]outcome, error) {
	queue := make(chan row)
	outcomes := map[string]outcome{}
	var mu sync.Mutex
	var errs []error
	done := func(made outcome, err error) {
		mu.Lock()
		defer mu.Unlock()
		outcomes[made.ID] = made
		if err != nil {
			errs = append(errs, err)
		}
		fmt.Fprintf(os.Stderr, "%s %s (%s)\n", made.ID, verdict(made), time.Duration(made.MS)*time.Millisecond)
	}
	var all sync.WaitGroup
	for i := range o.parallel {
		all.Go(func() {
			var w *worker
			for r := range queue {
				var err error
				if w == nil {
					if w, err = hire(root, filepath.Join(dir, fmt.Sprint(i)), o); err != nil {
						done(outcome{ID: r.id, Detail: err.Error()}, err)
						continue
					}
				}
				made, err := w.row(r.id)
				if err != nil { // its engine is in no state to continue
					made = outcome{ID: r.id, Detail: err.Error()}
					w.dismiss()
					w = nil
				}
				done(made, nil)
			}
			w.dismiss()
		})
	}
	var shown []row
	for _, r := range rows {
		switch {
		case r.run != nil:
			queue <- r
		case len(r.tests) > 0:
			shown = append(shown, r)
		}
	}
	close(queue)
	all.Wait()
	for _, made := range runTests(root, shown) {
		done(made, nil)
	}
	return outcomes, errors.Join(errs...)
}

func verdict(o outcome) string {
	if o.Pass {
		return "passed"
	}
	return "FAILED: " + o.Detail
}

// worker is the suite's side.
type worker struct {
	cmd *exec.Cmd
	dir string
	in  io.WriteCloser
	out *bufio.Reader
}

func hire(root, dir string, o options) (*worker, error) {
	if err := os.MkdirAll(dir, 0o711); err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	w := &worker{dir: dir, cmd: exec.Command(filepath.Join(root, "testdata", "faults", "engine.sh"), self, "-inside", dir, "-bluegate", o.bluegate, "-images", o.images,
		fmt.Sprintf("-every=%d", o.every), fmt.Sprintf("-random=%d", o.random), fmt.Sprintf("-seed=%d", o.seed), fmt.Sprintf("-deploys=%d", o.deploys))}
	w.cmd.Dir, w.cmd.Stderr = root, os.Stderr
	w.cmd.Env = append(os.Environ(), "TMPDIR="+dir) // all that it writes goes with it
	w.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if w.in, err = w.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := w.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	w.out = bufio.NewReader(out)
	return w, w.cmd.Start()
}

func (w *worker) row(id string) (outcome, error) {
	if _, err := fmt.Fprintln(w.in, id); err != nil {
		return outcome{}, fmt.Errorf("the worker ended: %w", err)
	}
	line, err := w.out.ReadBytes('\n')
	if err != nil {
		return outcome{}, fmt.Errorf("the worker ended: %w", err)
	}
	var made outcome
	return made, json.Unmarshal(line, &made)
}

// dismiss ends a worker, and with its namespaces all that it started.
func (w *worker) dismiss() {
	if w == nil {
		return
	}
	_ = w.in.Close()
	ended := make(chan struct{})
	go func() { _ = w.cmd.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-time.After(30 * time.Second):
		_ = w.cmd.Process.Kill()
		<-ended
	}
	_ = os.RemoveAll(w.dir)
}

// event is a line of `go test -json`.
type event struct {
	Action  string
	Test    string
	Elapsed float64
	Output  string
}

// runTests runs the project's own tests that show rows, a package at a time, and says what came of each row.
func runTests(root string, rows []row) []outcome {
	byPackage := map[string][]string{}
	for _, r := range rows {
		for _, test := range r.tests {
			pkg, name, _ := strings.Cut(test, ":")
			if top, _, _ := strings.Cut(name, "/"); !slices.Contains(byPackage[pkg], top) {
				byPackage[pkg] = append(byPackage[pkg], top)
			}
		}
	}
	results := map[string]event{}
	for pkg, names := range byPackage {
		cmd := exec.Command("go", "test", "-count=1", "-json", "-timeout", "0", "-parallel", "2", "-run", "^("+strings.Join(names, "|")+")$", pkg)
		cmd.Dir, cmd.Stderr = root, os.Stderr
		cmd.Env = append(os.Environ(), "BLUEGATE_TEST_FULL=1")
		out, _ := cmd.Output()
		for line := range strings.Lines(string(out)) {
			var e event
			if json.Unmarshal([]byte(line), &e) == nil && (e.Action == "pass" || e.Action == "fail" || e.Action == "skip") {
				results[pkg+":"+e.Test] = e
			}
		}
	}
	var all []outcome
	for _, r := range rows {
		made := outcome{ID: r.id, Pass: true}
		for _, test := range r.tests {
			e, ran := results[test]
			if !ran || e.Action != "pass" {
				made.Pass = false
				made.Detail += fmt.Sprintf("%s did not pass (%s); ", test, e.Action)
			}
			made.MS += int64(e.Elapsed * 1000)
		}
		made.Observed = "passed: " + strings.Join(r.tests, ", ")
		if !made.Pass {
			made.Observed = made.Detail
		}
		all = append(all, made)
	}
	return all
}
