package compose

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/client"

	"bluegate/deploy/model"
	"bluegate/testdata/pace"
)

// waiter builds the executable that waits, once.
var waiter = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "bluegate-waiter-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", filepath.Join(dir, "healthcheck"), "../cmd/healthcheck")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return out, err
	}
	return os.ReadFile(filepath.Join(dir, "healthcheck"))
})

// waitingBench is a bench whose containers can run.
func waitingBench(t *testing.T) *bench {
	t.Helper()
	b := newBench(t)
	executable, err := waiter()
	if err != nil {
		t.Fatalf("%v: %s", err, executable)
	}
	b.engine.Waiter = func(string) ([]byte, []string, error) { return executable, []string{"--wait"}, nil }
	return b
}

// prune is `docker container prune`, of a test's own containers.
func (b *bench) prune(label string) []string {
	b.t.Helper()
	for {
		report, err := b.engine.ContainersPrune(b.t.Context(), filters.NewArgs(filters.Arg("label", label)))
		if err == nil {
			return report.ContainersDeleted
		}
		if !strings.Contains(err.Error(), "already running") { // the engine makes one at a time
			b.t.Fatal(err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func journalOf(release string) model.Journal {
	return model.Journal{Version: model.JournalVersion, Current: &model.Entry{Release: release, Phase: model.PhaseBaking}}
}

// Lock and journal run, so that a prune leaves them.
func TestPruneSparesLockAndJournal(t *testing.T) {
	b := waitingBench(t)
	l := NewLedger(b.engine)
	lease := b.held(l, b.id, elsewhere())
	if err := l.Write(t.Context(), b.id, journalOf("r1")); err != nil {
		t.Fatal(err)
	}
	b.runs("bluegate-lock-" + b.id)
	for _, name := range []string{"bluegate-lock-" + b.id, "bluegate-journal-" + b.id} {
		if gone := b.prune(ownLabel + "=" + name); len(gone) > 0 {
			t.Errorf("a prune removed %s", name)
		}
	}
	if info := b.inspect("bluegate-journal-" + b.id); !info.HostConfig.RestartPolicy.IsUnlessStopped() {
		t.Errorf("the journal has the restart policy %q, so it is pruned after a restart of the engine", info.HostConfig.RestartPolicy.Name)
	}
	if _, err := l.Lock(t.Context(), b.id, elsewhere()); isLocked(err) == nil {
		t.Errorf("the lock was taken twice: %v", err)
	}
	if j, err := NewLedger(b.engine).Read(t.Context(), b.id); err != nil || j.Current == nil || j.Current.Release != "r1" {
		t.Errorf("the journal: %+v, %v", j, err)
	}

	// A restart of the engine stops the lock: its renewal starts it again.
	lock := "bluegate-lock-" + b.id
	if err := b.engine.ContainerStop(t.Context(), lock, container.StopOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := l.hold(t.Context(), b.inspect(lock).ID, leaseEnd()).renew(t.Context()); err != nil {
		t.Error(err)
	}
	if state := b.inspect(lock).State.Status; state != "running" {
		t.Errorf("after its renewal the lock is %s", state)
	}
	b.released(lease)
	if b.lockIsThere(b.id) {
		t.Error("the lock is still there")
	}
}

// A lock that a prune removes before it runs is lost as soon as it is started, also where someone else has taken it.
func TestLockThatIsPrunedBeforeItRuns(t *testing.T) {
	for name, heir := range map[string]bool{"nobody has it": false, "someone else has it": true} {
		t.Run(name, func(t *testing.T) {
			b := waitingBench(t)
			if err := b.engine.ensureWaitImage(t.Context()); err != nil {
				t.Fatal(err)
			}
			var once sync.Once
			var other model.Lease
			pruned := *b.engine
			pruned.Client = b.intercepted(func(req *http.Request) {
				if !strings.HasSuffix(req.URL.Path, "/archive") && !strings.HasSuffix(req.URL.Path, "/start") {
					return
				}
				once.Do(func() {
					if gone := b.prune(ownLabel + "=bluegate-lock-" + b.id); len(gone) != 1 {
						t.Errorf("the prune removed %d containers, want the lock", len(gone))
					}
					if heir {
						other = b.held(NewLedger(b.engine), b.id, Self("deploy", "heir"))
					}
				})
			})
			first := b.held(NewLedger(&pruned), b.id, Self("deploy", "first"))
			select {
			case <-first.Lost():
			case <-time.After(pace.Limit(30 * time.Second)):
				t.Fatal("nobody noticed")
			}
			if why := first.Why(); why == nil || !strings.Contains(why.Error(), "removed") {
				t.Errorf("it was lost because of %v", why)
			}
			b.released(first)
			if heir {
				b.runs("bluegate-lock-" + b.id)
				b.released(other)
			}
			if b.lockIsThere(b.id) {
				t.Error("the lock is still there")
			}
		})
	}
}

// runs waits until a container runs.
func (b *bench) runs(name string) {
	b.t.Helper()
	for deadline := time.Now().Add(pace.Limit(20 * time.Second)); ; time.Sleep(20 * time.Millisecond) {
		if b.inspect(name).State.Running {
			return
		}
		if time.Now().After(deadline) {
			b.t.Fatalf("%s does not run", name)
		}
	}
}

// intercepted is a client of which each request is seen before it is sent.
func (b *bench) intercepted(see func(*http.Request)) *client.Client {
	b.t.Helper()
	c, err := client.NewClientWithOpts(client.FromEnv, client.WithVersion(b.engine.ClientVersion()), client.WithHTTPClient(&http.Client{Transport: answers(func(req *http.Request) (*http.Response, error) {
		see(req)
		return b.engine.HTTPClient().Transport.RoundTrip(req)
	})}))
	if err != nil {
		b.t.Fatal(err)
	}
	return c
}

// A lock that was removed while it was held is lost, and it is said why.
func TestLockThatVanishes(t *testing.T) {
	b := waitingBench(t)
	l := NewLedger(b.engine)
	taken := b.held(l, b.id, elsewhere()).(*lease)
	taken.stop()
	if err := l.lockVessel(b.id).remove(t.Context()); err != nil {
		t.Fatal(err)
	}
	lost := l.hold(t.Context(), taken.vessel.name, leaseEnd())
	select {
	case <-lost.Lost():
	case <-time.After(30 * time.Second):
		t.Fatal("nobody noticed")
	}
	if why := lost.Why(); why == nil || !strings.Contains(why.Error(), "removed") {
		t.Errorf("it was lost because of %v", why)
	}
}

// What an older version left, which never runs, is honoured, and carried over by the next write. At no moment is the
// journal nowhere.
func TestOldJournalAndLock(t *testing.T) {
	b := waitingBench(t)
	old := *b.engine
	old.Waiter = nil
	before := NewLedger(&old)
	held := b.held(before, b.id, elsewhere())
	if err := before.Write(t.Context(), b.id, journalOf("old")); err != nil {
		t.Fatal(err)
	}
	if image := b.inspect("bluegate-journal-" + b.id).Config.Image; image != vesselImage {
		t.Fatalf("the old journal is of %s", image)
	}
	l := NewLedger(b.engine)
	if _, err := l.Lock(t.Context(), b.id, Self("deploy", "")); isLocked(err) == nil {
		t.Errorf("the old lock is not honoured: %v", err)
	}
	if j, err := l.Read(t.Context(), b.id); err != nil || j.Current == nil || j.Current.Release != "old" {
		t.Errorf("the old journal: %+v, %v", j, err)
	}
	b.released(held)

	// The writer is killed before each of its requests in turn.
	for cut := 1; ; cut++ {
		n, died := 0, false
		dying := *b.engine
		dying.Client = b.failing(func(*http.Request) bool {
			n++
			died = died || n >= cut
			return died
		})
		err := NewLedger(&dying).Write(t.Context(), b.id, journalOf("new"))
		j, readErr := NewLedger(b.engine).Read(t.Context(), b.id)
		if readErr != nil || j.Current == nil || j.Current.Release != "old" && j.Current.Release != "new" {
			t.Fatalf("cut at request %d (%v): %+v, %v", cut, err, j, readErr)
		}
		if err == nil {
			break
		}
	}
	info := b.inspect("bluegate-journal-" + b.id)
	if !info.State.Running || !info.HostConfig.RestartPolicy.IsUnlessStopped() || b.inspectable("bluegate-journal.next-"+b.id) {
		t.Errorf("the journal is %s of %s; the one on its way is left: %t", info.State.Status, info.Config.Image, b.inspectable("bluegate-journal.next-"+b.id))
	}
}

func (b *bench) inspectable(name string) bool {
	b.t.Helper()
	_, err := b.engine.ContainerInspect(b.t.Context(), name)
	if err != nil && !errdefs.IsNotFound(err) {
		b.t.Fatal(err)
	}
	return err == nil
}

// failing is a client whose requests do not arrive.
func (b *bench) failing(fails func(*http.Request) bool) *client.Client {
	b.t.Helper()
	c, err := client.NewClientWithOpts(client.FromEnv, client.WithVersion(b.engine.ClientVersion()), client.WithHTTPClient(&http.Client{Transport: answers(func(req *http.Request) (*http.Response, error) {
		if fails(req) {
			return nil, http.ErrServerClosed
		}
		return b.engine.HTTPClient().Transport.RoundTrip(req)
	})}))
	if err != nil {
		b.t.Fatal(err)
	}
	return c
}

// Names are held on the networks that nginx and the service share, exactly those that are asked for.
func TestHoldNames(t *testing.T) {
	b := waitingBench(t)
	s := &Stack{engine: b.engine, name: b.id}
	for _, name := range []string{b.id + "-front", b.id + "-back"} {
		if _, err := b.engine.NetworkCreate(t.Context(), name, network.CreateOptions{Labels: map[string]string{testLabel: b.id}}); err != nil {
			t.Fatal(err)
		}
	}
	made, err := b.engine.ContainerCreate(t.Context(), &container.Config{Image: shopImage, Labels: map[string]string{testLabel: b.id}},
		&container.HostConfig{NetworkMode: container.NetworkMode(b.id + "-front"), ExtraHosts: []string{"fixed-green:10.0.0.1"}}, nil, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	nginx := made.ID
	defer func() { _ = s.Hold(t.Context(), b.id, nginx, nil) }()
	on := func(host, network string) model.HeldName {
		return model.HeldName{Colour: model.Green, Host: host, Networks: []string{network}}
	}
	var held *model.NamesReport
	hold := func(names ...model.HeldName) (id string) {
		t.Helper()
		if err := s.CanHold(t.Context(), nginx, names); err != nil {
			t.Fatal(err)
		}
		if err := s.Hold(t.Context(), b.id, nginx, names); err != nil {
			t.Fatal(err)
		}
		if held, err = s.HeldNames(t.Context(), b.id); err != nil {
			t.Fatal(err)
		}
		if rows, err := s.holders(t.Context(), b.id); err != nil || len(rows) > 1 {
			t.Errorf("%d holders, %v", len(rows), err)
		} else if len(rows) == 1 {
			id = rows[0].ID
		}
		return id
	}
	first := hold(on("was-green", b.id+"-front"), on("signal-green", b.id+"-front"), on("fixed-green", b.id+"-back"))
	want := &model.NamesReport{Container: "bluegate-names-" + b.id, Hosts: []string{"signal-green", "was-green"}, Networks: []string{b.id + "-front"}}
	if !reflect.DeepEqual(held, want) {
		t.Errorf("held is %+v, want %+v", held, want)
	}
	if again := hold(on("was-green", b.id+"-front"), on("signal-green", b.id+"-front")); again != first {
		t.Error("the holder was made again, though it holds what it should")
	}
	info := b.inspect(first)
	if !info.State.Running || !info.HostConfig.RestartPolicy.IsUnlessStopped() || len(b.prune(namesLabel+"="+b.id)) > 0 {
		t.Errorf("the holder is %s, restart policy %q", info.State.Status, info.HostConfig.RestartPolicy.Name)
	}
	if hold(on("was-green", b.id+"-front")); !reflect.DeepEqual(held.Hosts, []string{"was-green"}) {
		t.Errorf("held is %+v, want was-green alone", held)
	}
	if hold(); held != nil {
		t.Errorf("held is %+v, want nothing", held)
	}
	if err := s.CanHold(t.Context(), nginx, []model.HeldName{on("was-green", b.id+"-back")}); err == nil || !strings.Contains(err.Error(), "address-left-over") || !strings.Contains(err.Error(), b.id+"-back") {
		t.Errorf("a name on a network without nginx: %v", err)
	}
}
