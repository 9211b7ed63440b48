package state

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/containerd/errdefs"

	"bluegate/compose/engine"
	"bluegate/deploy/model"
	"bluegate/testdata/enginetest"
	"bluegate/testdata/pace"
)

func isLocked(err error) *model.LockedError {
	var locked *model.LockedError
	errors.As(err, &locked)
	return locked
}

// held takes a lock that must be free, and gives it back when the test ends.
func held(b *enginetest.Bench, l *Store, name string, h model.Holder) model.Lease {
	b.T.Helper()
	lease, err := l.Lock(b.T.Context(), name, h)
	if err != nil {
		b.T.Fatal(err)
	}
	return lease
}

func released(b *enginetest.Bench, lease model.Lease) {
	b.T.Helper()
	if err := lease.Release(b.T.Context()); err != nil {
		b.T.Errorf("release: %v", err)
	}
}

// elsewhere is a holder on another machine.
func elsewhere() model.Holder {
	return model.Holder{Command: "deploy", User: "ci", Host: "runner-7", Machine: "another", PID: os.Getpid(), Since: time.Now()}
}

func lockIsThere(b *enginetest.Bench, name string) bool {
	b.T.Helper()
	_, err := b.Engine.ContainerInspect(b.T.Context(), "bluegate-lock-"+name)
	if err != nil && !errdefs.IsNotFound(err) {
		b.T.Fatal(err)
	}
	return err == nil
}

func TestLockIsTakenOnce(t *testing.T) {
	b := enginetest.New(t)
	l := New(b.Engine)
	var winners, losers atomic.Int32
	var leases sync.Map
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			lease, err := l.Lock(t.Context(), b.ID, Self("deploy", "20261120T114500-7f3a"))
			switch locked := isLocked(err); {
			case err == nil:
				winners.Add(1)
				leases.Store(lease, nil)
			case locked != nil && locked.Holder.PID == os.Getpid() && locked.Holder.Release == "20261120T114500-7f3a":
				losers.Add(1)
			default:
				t.Errorf("a taker got %v", err)
			}
		})
	}
	all.Wait()
	if winners.Load() != 1 || losers.Load() != 19 {
		t.Errorf("%d took it, %d were told who has it", winners.Load(), losers.Load())
	}
	h, err := l.Holder(t.Context(), b.ID)
	if err != nil || h == nil || h.Command != "deploy" || h.PID != os.Getpid() {
		t.Errorf("the holder is %+v, %v", h, err)
	}
	leases.Range(func(lease, _ any) bool { released(b, lease.(model.Lease)); return true })
	if lockIsThere(b, b.ID) {
		t.Error("the release left its container")
	}
	if h, err := l.Holder(t.Context(), b.ID); h != nil || err != nil {
		t.Errorf("after the release: %+v, %v", h, err)
	}
}

// Concurrent takers never hold the lock at the same time, and each learns that it has the lock or who has it.
func TestLockChangesHands(t *testing.T) {
	b := enginetest.New(t)
	l := New(b.Engine)
	var inside, taken atomic.Int32
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() {
			for mine := 0; mine < 3; {
				lease, err := l.Lock(t.Context(), b.ID, Self("deploy", ""))
				if isLocked(err) != nil {
					continue
				}
				mine++
				if err != nil {
					t.Errorf("a taker got %v", err)
					return
				}
				taken.Add(1)
				if n := inside.Add(1); n != 1 {
					t.Errorf("%d have it at once", n)
				}
				inside.Add(-1)
				if err := lease.Release(t.Context()); err != nil {
					t.Errorf("release: %v", err)
				}
			}
		})
	}
	all.Wait()
	if taken.Load() != 18 || lockIsThere(b, b.ID) {
		t.Errorf("it was taken %d times, and is there: %t", taken.Load(), lockIsThere(b, b.ID))
	}
}

// process starts one of another program; its holder is what it would have written.
func process(t *testing.T) (*exec.Cmd, model.Holder) {
	t.Helper()
	cmd := exec.Command("sleep", "1000")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _, _ = cmd.Process.Wait() })
	h := Self("deploy", "r")
	h.PID, h.Start = cmd.Process.Pid, startOf(t, cmd.Process.Pid)
	return cmd, h
}

func startOf(t *testing.T, pid int) string {
	t.Helper()
	start, err := proc.start(pid)
	if err != nil {
		t.Fatal(err)
	}
	return start
}

func TestLockOfAProcess(t *testing.T) {
	b := enginetest.New(t)
	l := New(b.Engine)
	cmd, holder := process(t)
	if _, err := l.lockVessel(b.ID).Create(t.Context(), labelOf(t, holder)); err != nil {
		t.Fatal(err)
	}
	_, err := l.Lock(t.Context(), b.ID, Self("deploy", ""))
	if locked := isLocked(err); locked == nil || locked.Holder.PID != holder.PID || !strings.Contains(err.Error(), "deploy by ") {
		t.Fatalf("with a living holder: %v", err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	// It has ended; that nobody has waited for it is how a container without an init leaves it.
	b.Eventually("the dead holder's lock is free", func() error {
		if h, err := l.Holder(t.Context(), b.ID); h != nil || err != nil {
			return errors.New("someone is said to hold it")
		}
		return nil
	})
	released(b, held(b, l, b.ID, Self("deploy", "")))
}

func labelOf(t *testing.T, h model.Holder) map[string]string {
	t.Helper()
	text, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]string{engine.HolderLabel: string(text)}
}

func TestHolderWhosePidIsAnothers(t *testing.T) {
	_, h := process(t)
	if same, lives := processOf(h); !same || !lives {
		t.Errorf("itself: same %t, lives %t", same, lives)
	}
	again := h
	again.Start += "0"
	if same, lives := processOf(again); !same || lives {
		t.Errorf("a later process of its pid: same %t, lives %t", same, lives)
	}
	again = h
	again.Machine = "another"
	if same, _ := processOf(again); same {
		t.Error("a process of another machine was looked for here")
	}
	again.Machine = ""
	if same, _ := processOf(again); same {
		t.Error("a process of an unknown machine was looked for here")
	}
}

// With hidepid, /proc shows nothing of another user's process, or forbids to read it; that it is there says only kill.
func TestHolderThatProcHides(t *testing.T) {
	cmd, h := process(t)
	hidden := procfs(t.TempDir())
	if seen, lives := hidden.judge(h); seen {
		t.Errorf("a process that nobody can see was judged: lives %t", lives)
	}
	if seen, lives := proc.judge(h); !seen || !lives {
		t.Errorf("one that can be seen: seen %t, lives %t", seen, lives)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_, _ = cmd.Process.Wait()
	if seen, lives := hidden.judge(h); !seen || lives {
		t.Errorf("of one that has ended its pid tells: seen %t, lives %t", seen, lives)
	}
	h = Self("deploy", "")
	h.Start = ""
	if seen, _ := processOf(h); seen {
		t.Error("a holder that could not tell its own start was judged by it")
	}
}

// The lease of another machine holds until it ends, and no longer.
func TestLockOfAnotherMachine(t *testing.T) {
	b := enginetest.New(t)
	l := New(b.Engine)
	v := l.lockVessel(b.ID)
	if _, err := v.Create(t.Context(), labelOf(t, elsewhere())); err != nil {
		t.Fatal(err)
	}
	_, err := l.Lock(t.Context(), b.ID, Self("deploy", ""))
	if locked := isLocked(err); locked == nil || locked.Holder.Host != "runner-7" {
		t.Fatalf("just created: %v", err)
	}
	ends := time.Now().Add(1500 * time.Millisecond)
	text, err := ends.Add(-b.Engine.Skew).UTC().MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Put(t.Context(), text, leaseFile); err != nil {
		t.Fatal(err)
	}
	for {
		asked := time.Now()
		lease, err := l.Lock(t.Context(), b.ID, Self("deploy", ""))
		if err == nil {
			if time.Now().Before(ends) {
				t.Errorf("taken %s before its end", time.Until(ends))
			}
			released(b, lease)
			return
		}
		if isLocked(err) == nil || asked.After(ends.Add(pace.Limit(5*time.Second))) {
			t.Fatalf("%s after its end: %v", asked.Sub(ends), err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// A holder that was frozen for longer than its lease finds another holder under the same name.
func TestLostLockIsNotTakenForOnesOwn(t *testing.T) {
	b := enginetest.New(t)
	l := New(b.Engine)
	frozen := held(b, l, b.ID, elsewhere()).(*lease)
	if err := l.lockVessel(b.ID).Remove(t.Context()); err != nil {
		t.Fatal(err)
	}
	heir := held(b, l, b.ID, elsewhere())
	if err := frozen.held.renew(t.Context(), leaseEnd()); !errdefs.IsNotFound(err) {
		t.Errorf("the renewal of a lost lock: %v", err)
	}
	released(b, frozen)
	if !lockIsThere(b, b.ID) {
		t.Error("the lost lock's release took the heir's")
	}
	released(b, heir)
	released(b, heir) // a second release changes nothing
	if lockIsThere(b, b.ID) {
		t.Error("the lock is still there")
	}
}

func TestLockThatIsNoneOfOurs(t *testing.T) {
	b := enginetest.New(t)
	l := New(b.Engine)
	if _, err := l.lockVessel(b.ID).Create(t.Context(), map[string]string{engine.HolderLabel: "{"}); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Lock(t.Context(), b.ID, Self("deploy", "")); err == nil || isLocked(err) != nil || !strings.Contains(err.Error(), "bluegate-lock-"+b.ID) {
		t.Errorf("got %v", err)
	}
	if !lockIsThere(b, b.ID) {
		t.Error("it was removed")
	}
}

func TestSelf(t *testing.T) {
	h := Self("deploy", "r")
	host, _ := os.Hostname()
	if h.PID != os.Getpid() || h.Host != host || h.User == "" || h.Machine == "" || h.Start == "" || time.Since(h.Since) > time.Minute {
		t.Errorf("%+v", h)
	}
	if same, lives := processOf(h); !same || !lives {
		t.Errorf("this process: same %t, lives %t", same, lives)
	}
}

// The name in /proc/PID/stat may look like the fields behind it.
func TestStartOfAProcess(t *testing.T) {
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Fatal(err)
	}
	binary, err := os.ReadFile(sleep)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "a) Z 1 (b")
	if err := os.WriteFile(path, binary, 0o755); err != nil {
		t.Fatal(err)
	}
	plain, _ := process(t)
	odd := exec.Command(path, "1000")
	if err := odd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = odd.Process.Kill(); _, _ = odd.Process.Wait() }()
	first, second := startOf(t, plain.Process.Pid), startOf(t, odd.Process.Pid)
	if len(first) == 0 || len(first) != len(second) || second < first {
		t.Errorf("started at %q and then at %q", first, second)
	}
	if got, err := proc.start(1 << 30); err == nil {
		t.Errorf("no process: %q", got)
	}
	_ = odd.Process.Signal(syscall.SIGKILL)
	for deadline := time.Now().Add(10 * time.Second); startOf(t, odd.Process.Pid) != ""; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("a process that has ended is said to run")
		}
	}
}
