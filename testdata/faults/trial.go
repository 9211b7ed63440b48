package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

// bench is where a row runs: an engine of its own, the built program, and what the command line asked for.
type bench struct {
	*engine
	root     string // of the module
	bluegate string
	every    int // of the points at which a deployment can be killed
	random   int // kills at random moments
	deploys  int // in a row
	seed     uint64
}

// trial is a row under way. Like a test it notes what is wrong and continues, or ends.
type trial struct {
	*bench
	row      row
	context  context.Context
	dice     *rand.Rand
	observed []string
	wrong    []string
	undo     []func()
}

// trialLimit bounds a row: every step of bluegate has a deadline, so that nothing can be longer.
const trialLimit = 25 * time.Minute

// try runs a row.
func (b *bench) try(r row) outcome {
	ctx, cancel := context.WithTimeout(context.Background(), trialLimit)
	defer cancel()
	t := &trial{bench: b, row: r, context: ctx, dice: rand.New(rand.NewPCG(b.seed, uint64(len(r.id))))}
	began := time.Now()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer t.cleanUp()
		defer func() {
			if p := recover(); p != nil {
				t.errorf("panic: %v\n%s", p, debug.Stack())
			}
		}()
		r.run(t)
	}()
	<-ended
	return outcome{
		ID: r.id, Pass: len(t.wrong) == 0, MS: time.Since(began).Milliseconds(),
		Observed: strings.Join(t.observed, "; "), Detail: strings.Join(t.wrong, "\n"),
	}
}

func (t *trial) cleanUp() {
	for _, undo := range slices.Backward(t.undo) {
		undo()
	}
}

func (t *trial) cleanup(undo func()) { t.undo = append(t.undo, undo) }

// observe notes what was seen, for the table.
func (t *trial) observe(format string, args ...any) {
	t.observed = append(t.observed, fmt.Sprintf(format, args...))
}

func (t *trial) errorf(format string, args ...any) {
	t.wrong = append(t.wrong, fmt.Sprintf(format, args...))
	fmt.Fprintf(os.Stderr, "%s: %s\n", t.row.id, t.wrong[len(t.wrong)-1])
}

// fatalf ends the row.
func (t *trial) fatalf(format string, args ...any) {
	t.errorf(format, args...)
	runtime.Goexit()
}

func (t *trial) must(err error) {
	if err != nil {
		_, file, line, _ := runtime.Caller(1)
		t.fatalf("%s:%d: %v", filepath.Base(file), line, err)
	}
}

// within waits until a condition holds.
func (t *trial) within(limit time.Duration, what string, holds func() bool) bool {
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); time.Sleep(25 * time.Millisecond) {
		if holds() {
			return true
		}
	}
	t.errorf("not within %s: %s", limit, what)
	return false
}
