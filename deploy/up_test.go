package deploy

import (
	"slices"
	"testing"
	"time"

	"bluegate/deploy/model"
)

// What runs under the coming colour's name is removed only when nginx surely does not serve it: the images may have taken
// half an hour, and nginx's files may name another colour than it has loaded.
func TestReplaceLooksAgain(t *testing.T) {
	rescue := func(w *fakeEngine) { // someone brings green back by hand
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, b := range w.boxes {
			if b.Colour == model.Green {
				b.began, b.stopped = time.Now(), time.Time{}
			}
		}
	}
	for name, test := range map[string]struct {
		before func(w *fakeEngine)
		during func(w *fakeEngine)
		code   int
	}{
		"it runs, and is idle": {before: rescue},
		"switched by hand meanwhile": {during: func(w *fakeEngine) {
			rescue(w)
			w.mu.Lock()
			defer w.mu.Unlock()
			w.nginx.disk, w.nginx.loaded = confOf(model.Green), confOf(model.Green)
		}, code: 5}, // what is live is for whoever did that to say
		"what is loaded is not what is there": {before: func(w *fakeEngine) { rescue(w); w.nginx.movedThere = true }, code: 3},
		"broken meanwhile": {during: func(w *fakeEngine) {
			rescue(w)
			w.mu.Lock()
			defer w.mu.Unlock()
			w.nginx.refusal = model.Refuse(model.NginxTestFailed, "it is broken")
		}, code: 3},
	} {
		story(t, name, func(t *testing.T, w *fakeEngine) {
			if test.before != nil {
				test.before(w)
			}
			if test.during != nil {
				time.AfterFunc(300*time.Millisecond, func() { test.during(w) })
			}
			r := w.process().deploy()
			if r.ExitCode != test.code {
				t.Errorf("exit %d, want %d: %v %s", r.ExitCode, test.code, r.Reasons, r.Message)
			}
			if removed := slices.Contains(w.lines, "remove shop-was-green-1"); removed != (test.code == 0) {
				t.Errorf("removed: %t\n%v", removed, w.lines)
			}
		})
	}
}
