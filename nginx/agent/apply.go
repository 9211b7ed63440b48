//go:build linux

package agent

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"bluegate/nginx/fsys"
)

// The pauses of an Apply.
const (
	// lookPause is the pause between two looks at the workers.
	lookPause = 5 * time.Millisecond
	// restPause is the pause between two looks at a master that is busy.
	restPause = 25 * time.Millisecond
	// oldStay is how long a master lets its new workers start before it tells the old ones to end (os/unix/ngx_process_cycle.c
	// of nginx, "allow new processes to start"). To look meanwhile would only take processor time from them.
	oldStay = 100 * time.Millisecond
	// unmovedPause and unmovedLooks are how long a master that waits for its next signal, and has made no new worker, may
	// not have begun with the one that was sent.
	unmovedPause = 300 * time.Millisecond
	unmovedLooks = 4
)

// givingUp has the applies that run, by their keys.
type givingUp struct {
	mu   sync.Mutex
	runs map[string]chan struct{}
}

func (g *givingUp) begin(key string) <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.runs == nil {
		g.runs = map[string]chan struct{}{}
	}
	g.runs[key] = make(chan struct{})
	return g.runs[key]
}

// end ends the waits of an Apply, if it still runs.
func (g *givingUp) end(key string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if c, ok := g.runs[key]; ok {
		close(c)
		delete(g.runs, key)
	}
}

// applying is an Apply that is carried out.
type applying struct {
	Apply
	agent *Agent
	root  int // of nginx's master
	until time.Time
	over  <-chan struct{} // closed: it was given up
	done  Applied
}

func (a *Agent) apply(req Request) Response {
	w := &applying{Apply: *req.Apply, agent: a, root: req.Root, until: req.Until, over: a.giving.begin(req.Apply.Key)}
	defer a.giving.end(req.Apply.Key)
	ok := w.write() && w.look() && w.rest() && (!w.Load || w.signal() && w.loaded())
	if !ok && w.Load {
		w.takeBack()
	}
	return Response{Applied: &w.done}
}

func (w *applying) fail(step Step, format string, args ...any) bool {
	w.done.Failed, w.done.Why, w.done.Late = step, fmt.Sprintf(format, args...), w.late()
	return false
}

func (w *applying) late() bool { return !w.until.IsZero() && !time.Now().Before(w.until) }

// rootOf is the root below which a file is written.
func (w *applying) rootOf(f ApplyFile) int {
	if f.Own {
		return 0
	}
	return w.root
}

// write writes the files, one after the other.
func (w *applying) write() bool {
	for i, f := range w.Files {
		if w.late() { // before each: with the lock goes the right to write
			return w.fail(StepWrite, "%v", ErrLate)
		}
		var err error
		err = errors.Join(w.agent.root.in(w.rootOf(f), func() { _, err = f.Replace.Write() }), err)
		if err != nil {
			w.done.File, w.done.Changed = i, errors.Is(err, ErrChanged)
			if !w.done.Changed {
				w.done.Written++
			}
			return w.fail(StepWrite, "%v", err)
		}
		w.done.Written++
	}
	return true
}

// look looks at the files as nginx sees them.
func (w *applying) look() bool {
	for i, f := range w.Files {
		var holds fsys.State
		var err error
		err = errors.Join(w.agent.root.in(w.root, func() { _, holds, _, err = f.Replace.look() }), err)
		if err != nil || holds != fsys.HasNew {
			w.done.File, w.done.Changed = i, err == nil
			return w.fail(StepLook, "nginx does not see what was written (%s): %v", holds, err)
		}
	}
	return true
}

func (w *applying) snapshot() (s Snapshot, err error) {
	var all []Process
	err = errors.Join(w.agent.root.in(0, func() { all, err = Processes(w.Scope) }), err)
	if err != nil {
		return s, err
	}
	return Sort(all)
}

// rest waits until the master has done what it was signalled to do before, by someone else or by a switch that was given
// up: the workers of such a reload may have read other bytes than those of now, and are not to be taken for the workers of
// the next one.
func (w *applying) rest() bool {
	for until := time.Now().Add(w.Limit); ; {
		now, err := w.snapshot()
		w.done.Rest, w.done.Now = now, now
		switch {
		case err != nil:
			return w.fail(StepRest, "%v", err)
		case !now.Busy():
			return true
		case time.Now().After(until):
			return w.fail(StepRest, "its master has been busy with an earlier signal for %s", w.Limit)
		}
		if !w.pause(restPause) {
			return w.fail(StepRest, "its master is busy with an earlier signal, and it was given up")
		}
	}
}

// pause waits; false: the Apply was given up.
func (w *applying) pause(d time.Duration) bool {
	select {
	case <-w.over:
		return false
	case <-time.After(d):
		return true
	}
}

// signal makes nginx load what was written before it was seen at rest. Whoever else signals it after that makes it read
// the same bytes.
func (w *applying) signal() bool {
	if w.late() {
		return w.fail(StepRest, "%v", ErrLate)
	}
	var err error
	if err = errors.Join(w.agent.root.in(0, func() { err = Reload(w.done.Rest.Master) }), err); err != nil {
		return w.fail(StepLoad, "%v", err)
	}
	return true
}

// loaded waits until every worker that accepted before the signal is gone or shutting down and a new one runs. The names
// are asked for as soon as there is a new worker: nginx has resolved them by then, and takes a while to end the old ones.
func (w *applying) loaded() bool {
	signalled := time.Now()
	var reached chan []Response
	withoutNew, nextUnmoved, unmoved := signalled, signalled.Add(unmovedPause), 0
	var last error
	for {
		looked, pause := time.Now(), lookPause
		now, err := w.snapshot()
		if err == nil {
			w.done.Now = now
			old, fresh := now.Diff(w.done.Rest)
			if fresh > 0 && reached == nil {
				reached = make(chan []Response, 1)
				go func() { reached <- reachAll(w.Reach) }()
			}
			switch {
			case fresh == 0:
				withoutNew = looked
			case old == 0:
				w.done.Reached = <-reached
				return true
			default:
				pause = max(time.Until(withoutNew.Add(oldStay)), lookPause)
			}
		}
		last = err
		if looked.After(nextUnmoved) {
			nextUnmoved = looked.Add(unmovedPause)
			if unmoved++; err != nil || !now.Unchanged(w.done.Rest) {
				unmoved = 0
			}
			if w.done.Unmoved = unmoved == unmovedLooks; w.done.Unmoved {
				return w.fail(StepLoad, "its master waits for the next signal, and has made no new worker")
			}
		}
		if time.Since(signalled) > w.Limit || !w.pause(pause) {
			return w.fail(StepLoad, "%s", unanswered(time.Since(signalled), last))
		}
	}
}

// unanswered says that nothing came of a signal, and why that could not be seen, if it could not.
func unanswered(took time.Duration, last error) string {
	text := fmt.Sprintf("its workers did not change within %s", took.Round(time.Millisecond))
	if last != nil {
		text += ": " + last.Error()
	}
	return text
}

func reachAll(all []Reach) []Response {
	out := make([]Response, len(all))
	var wg sync.WaitGroup
	for i, r := range all {
		wg.Go(func() { out[i] = reach(r) })
	}
	wg.Wait()
	return out
}

// takeBack puts the old content back where the new one is still there. Then it says whether a worker had taken that.
func (w *applying) takeBack() {
	if w.done.Written == 0 || w.late() { // another run may be at work on what was written
		w.done.Taken = w.done.Failed == StepLoad
		return
	}
	var errs []error
	for _, f := range w.Files[:w.done.Written] {
		var err error
		back := f.reversed()
		errs = append(errs, w.agent.root.in(w.rootOf(f), func() { _, err = back.Write() }), err)
	}
	if err := errors.Join(errs...); err != nil {
		w.done.NotBack = err.Error()
	}
	w.done.Back = w.done.NotBack == ""
	if w.done.Failed != StepLoad {
		return
	}
	now, err := w.snapshot()
	if err != nil {
		w.done.Taken = true
		return
	}
	w.done.Now = now
	_, fresh := now.Diff(w.done.Rest)
	w.done.Taken = fresh > 0 || len(now.ShuttingDown) > len(w.done.Rest.ShuttingDown)
}
