package state

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"

	"bluegate/compose/engine"
	"bluegate/deploy/model"
	"bluegate/testdata/enginetest"
	"bluegate/testdata/pace"
)

func journalOf(release string) model.Journal {
	return model.Journal{Version: model.JournalVersion, Current: &model.Entry{Release: release, Phase: model.PhaseBaking}}
}

// Lock and journal run, so that a prune does not remove them.
func TestPruneSparesLockAndJournal(t *testing.T) {
	b := enginetest.NewWaiting(t)
	l := New(b.Engine)
	lease := held(b, l, b.ID, elsewhere())
	if err := l.Write(t.Context(), b.ID, journalOf("r1")); err != nil {
		t.Fatal(err)
	}
	b.Runs("bluegate-lock-" + b.ID)
	for _, name := range []string{"bluegate-lock-" + b.ID, "bluegate-journal-" + b.ID} {
		if gone := b.Prune(engine.OwnLabel + "=" + name); len(gone) > 0 {
			t.Errorf("a prune removed %s", name)
		}
	}
	if info := b.Inspect("bluegate-journal-" + b.ID); !info.HostConfig.RestartPolicy.IsUnlessStopped() {
		t.Errorf("the journal has the restart policy %q, so it is pruned after a restart of the engine", info.HostConfig.RestartPolicy.Name)
	}
	if _, err := l.Lock(t.Context(), b.ID, elsewhere()); isLocked(err) == nil {
		t.Errorf("the lock was taken twice: %v", err)
	}
	if j, err := New(b.Engine).Read(t.Context(), b.ID); err != nil || j.Current == nil || j.Current.Release != "r1" {
		t.Errorf("the journal: %+v, %v", j, err)
	}

	// A restart of the engine stops the lock: its renewal starts it again.
	lock := "bluegate-lock-" + b.ID
	if err := b.Engine.ContainerStop(t.Context(), lock, container.StopOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := l.hold(t.Context(), b.Inspect(lock).ID, leaseEnd()).held.renew(t.Context(), leaseEnd()); err != nil {
		t.Error(err)
	}
	if state := b.Inspect(lock).State.Status; state != "running" {
		t.Errorf("after its renewal the lock is %s", state)
	}
	released(b, lease)
	if lockIsThere(b, b.ID) {
		t.Error("the lock is still there")
	}
}

// A lock that a prune removes before it runs is lost as soon as it is started, also where someone else has taken it.
func TestLockThatIsPrunedBeforeItRuns(t *testing.T) {
	for name, heir := range map[string]bool{"nobody has it": false, "someone else has it": true} {
		t.Run(name, func(t *testing.T) {
			b := enginetest.NewWaiting(t)
			if err := b.Engine.EnsureWaitImage(t.Context()); err != nil {
				t.Fatal(err)
			}
			var once sync.Once
			var other model.Lease
			pruned := *b.Engine
			pruned.Client = b.Intercepted(func(req *http.Request) {
				if !strings.HasSuffix(req.URL.Path, "/archive") && !strings.HasSuffix(req.URL.Path, "/start") {
					return
				}
				once.Do(func() {
					if gone := b.Prune(engine.OwnLabel + "=bluegate-lock-" + b.ID); len(gone) != 1 {
						t.Errorf("the prune removed %d containers, want the lock", len(gone))
					}
					if heir {
						other = held(b, New(b.Engine), b.ID, Self("deploy", "heir"))
					}
				})
			})
			first := held(b, New(&pruned), b.ID, Self("deploy", "first"))
			select {
			case <-first.Lost():
			case <-time.After(pace.Limit(30 * time.Second)):
				t.Fatal("nobody noticed")
			}
			if why := first.Why(); why == nil || !strings.Contains(why.Error(), "removed") {
				t.Errorf("it was lost because of %v", why)
			}
			released(b, first)
			if heir {
				b.Runs("bluegate-lock-" + b.ID)
				released(b, other)
			}
			if lockIsThere(b, b.ID) {
				t.Error("the lock is still there")
			}
		})
	}
}

// A lock that was removed while it was held is lost, and the error says why.
func TestLockThatVanishes(t *testing.T) {
	b := enginetest.NewWaiting(t)
	l := New(b.Engine)
	taken := held(b, l, b.ID, elsewhere()).(*lease)
	taken.stop()
	if err := l.lockVessel(b.ID).Remove(t.Context()); err != nil {
		t.Fatal(err)
	}
	lost := l.hold(t.Context(), taken.held.(containerLock).vessel.Name, leaseEnd())
	select {
	case <-lost.Lost():
	case <-time.After(30 * time.Second):
		t.Fatal("nobody noticed")
	}
	if why := lost.Why(); why == nil || !strings.Contains(why.Error(), "removed") {
		t.Errorf("it was lost because of %v", why)
	}
}

// The journal of an older version, which never runs, is read, and the next write moves it. A complete journal exists at every
// moment.
func TestOldJournalAndLock(t *testing.T) {
	b := enginetest.NewWaiting(t)
	old := *b.Engine
	old.Waiter = nil
	before := New(&old)
	held := held(b, before, b.ID, elsewhere())
	if err := before.Write(t.Context(), b.ID, journalOf("old")); err != nil {
		t.Fatal(err)
	}
	if image := b.Inspect("bluegate-journal-" + b.ID).Config.Image; image != engine.EmptyImage {
		t.Fatalf("the old journal is of %s", image)
	}
	l := New(b.Engine)
	if _, err := l.Lock(t.Context(), b.ID, Self("deploy", "")); isLocked(err) == nil {
		t.Errorf("the old lock is not honoured: %v", err)
	}
	if j, err := l.Read(t.Context(), b.ID); err != nil || j.Current == nil || j.Current.Release != "old" {
		t.Errorf("the old journal: %+v, %v", j, err)
	}
	released(b, held)

	// The writer is killed before each of its requests in turn.
	for cut := 1; ; cut++ {
		n, died := 0, false
		dying := *b.Engine
		dying.Client = b.Failing(func(*http.Request) bool {
			n++
			died = died || n >= cut
			return died
		})
		err := New(&dying).Write(t.Context(), b.ID, journalOf("new"))
		j, readErr := New(b.Engine).Read(t.Context(), b.ID)
		if readErr != nil || j.Current == nil || j.Current.Release != "old" && j.Current.Release != "new" {
			t.Fatalf("cut at request %d (%v): %+v, %v", cut, err, j, readErr)
		}
		if err == nil {
			break
		}
	}
	info := b.Inspect("bluegate-journal-" + b.ID)
	if !info.State.Running || !info.HostConfig.RestartPolicy.IsUnlessStopped() || b.Inspectable("bluegate-journal.next-"+b.ID) {
		t.Errorf("the journal is %s of %s; the one on its way is left: %t", info.State.Status, info.Config.Image, b.Inspectable("bluegate-journal.next-"+b.ID))
	}
}
