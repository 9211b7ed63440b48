package e2e

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	ossignal "os/signal"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"bluegate/deploy/model"
	"bluegate/testdata/oracle"
	"bluegate/testdata/pace"
	"bluegate/testdata/sample"
	"bluegate/testdata/shop/load"
	"bluegate/testdata/stand"
)

// background is a bluegate under way.
type background struct {
	t    *testing.T
	shop *shop
	was  oracle.State
	cmd  *exec.Cmd
	mu   sync.Mutex
	said strings.Builder
	read chan struct{}
}

func (s *shop) start(env []string, args ...string) *background {
	s.t.Helper()
	return s.begin(s.Command(context.Background(), env, args...))
}

// begin starts a command whose progress is read.
func (s *shop) begin(cmd *exec.Cmd) *background {
	s.t.Helper()
	b := &background{t: s.t, shop: s, was: s.look(), cmd: cmd, read: make(chan struct{})}
	stderr, err := b.cmd.StderrPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := b.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = b.cmd.Process.Kill() })
	go func() {
		defer close(b.read)
		for lines := bufio.NewScanner(stderr); lines.Scan(); {
			b.mu.Lock()
			b.said.WriteString(lines.Text() + "\n")
			b.mu.Unlock()
		}
	}()
	return b
}

func (b *background) text() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.said.String()
}

// until waits for a word of the progress.
func (b *background) until(word string) {
	b.t.Helper()
	pace.Until(b.t, "the progress says "+word, func() error {
		if text := b.text(); !strings.Contains(text, word) {
			return errors.New("it says:\n" + text)
		}
		return nil
	})
}

func (b *background) end(signal syscall.Signal) (code int) {
	b.t.Helper()
	if signal != 0 {
		if err := b.cmd.Process.Signal(signal); err != nil {
			b.t.Fatal(err)
		}
	}
	<-b.read
	err := b.cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		b.t.Fatal(err)
	}
	if signal != syscall.SIGKILL {
		b.shop.holds(b.was, "after "+strings.Join(b.cmd.Args, " "))
	}
	return b.cmd.ProcessState.ExitCode()
}

// long makes the gate wait long enough to be interrupted.
const long = "gate: {stable: 60s}\n"

// A deployment that is interrupted before the switch is undone, with the exit code of the signal.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			s := openShop(t, stand.Options{})
			s.config(long)
			// Under nohup these tests would hand on that SIGHUP is ignored; what is caught is not handed on.
			caught := make(chan os.Signal, 1)
			ossignal.Notify(caught, syscall.SIGHUP)
			defer ossignal.Stop(caught)
			s.untouched(func() {
				b := s.start([]string{"VERSION=v2"}, "deploy")
				b.until("healthy")
				if code := b.end(signal); code != 128+int(signal) {
					t.Errorf("exit code %d, want %d\n%s", code, 128+int(signal), b.text())
				}
			})
			s.nothingLeft()
		})
	}
}

// A deployment that is killed in the gate leaves users where they were. Those who look are told; the next deployment
// settles it without any manual step.
func TestKilledInTheGate(t *testing.T) {
	t.Parallel()
	s := openShop(t, stand.Options{})
	s.config(long)
	stop := s.load(load.Options{})
	b := s.start([]string{"VERSION=v2"}, "deploy")
	b.until("healthy")
	b.end(syscall.SIGKILL)
	if r := s.run(nil, "status"); r.Code != 0 || r.Report.Live != model.Blue || !hasFinding(r, "left-behind") {
		t.Errorf("status: %d, live %q, findings %v", r.Code, r.Report.Live, r.Report.Findings)
	}
	s.config(quick)
	if r := s.deploys(0, model.Promoted, []string{"VERSION=v2"}); !hasFinding(r, "settled") {
		t.Errorf("the next deployment does not say what it settled: %v", r.Report.Findings)
	}
	record := stop()
	nothingLost(t, record, load.AllKinds()...)
	colours(t, record, "blue", "green")
	s.nothingLeft()
}

// A stream holds an old worker longer than the drain may last: the new colour is live, the old one keeps running, and
// what to run is said. Until that is done no deployment takes the old colour away.
func TestDrainLimit(t *testing.T) {
	sample.Test(t, 3)
	t.Parallel()
	s := openShop(t, stand.Options{})
	s.config(quick + "drain: {timeout: 1s}\n")
	end := s.stream()
	r := s.deploys(5, model.NeedsPerson, []string{"VERSION=v2"})
	if r.Report.Live != model.Green || r.Report.Run != "bluegate settle" {
		t.Errorf("live %q, run %q", r.Report.Live, r.Report.Run)
	}
	if running := s.containers(); len(running) != 4 {
		t.Errorf("of both colours run %v", running)
	}
	if r = s.deploys(3, model.Refused, []string{"VERSION=v1"}); r.Report.Reasons[0].Code != model.StillDraining || len(s.containers()) != 4 {
		t.Errorf("a deployment that needs a draining colour: %v", r.Report.Reasons)
	}
	if got := end(); got != nil {
		t.Errorf("the stream was cut: %v", got)
	}
	if r = s.run(nil, "settle"); r.Code != 0 || r.Report.Outcome != model.Settled {
		t.Fatalf("settle: %d %s %s", r.Code, r.Report.Outcome, r.Report.Message)
	}
	if got, want := s.containers(), []string{s.Name + "-signal-green-1", s.Name + "-was-green-1"}; !slices.Equal(got, want) {
		t.Errorf("after settle %v run, want %v", got, want)
	}
	s.nothingLeft()
}

// Killed in the drain: users are on the new colour, and settle finishes what is left.
func TestKilledInTheDrain(t *testing.T) {
	sample.Test(t, 3)
	t.Parallel()
	s := openShop(t, stand.Options{})
	end := s.stream()
	b := s.start([]string{"VERSION=v2"}, "deploy")
	b.until("drain")
	b.end(syscall.SIGKILL)
	if r := s.run(nil, "status"); r.Report.Live != model.Green || !hasFinding(r, "left-behind") {
		t.Errorf("status: live %q, findings %v", r.Report.Live, r.Report.Findings)
	}
	if got := end(); got != nil {
		t.Errorf("the stream was cut: %v", got)
	}
	if r := s.run(nil, "settle"); r.Code != 0 {
		t.Fatalf("settle: %d %s", r.Code, r.Report.Message)
	}
	if running := s.containers(); len(running) != 2 {
		t.Errorf("after settle %v run", running)
	}
	s.nothingLeft()
}

// Two deployments at once: one runs, the other is told who holds the lock.
func TestTwoAtOnce(t *testing.T) {
	sample.Test(t, 3)
	t.Parallel()
	s := openShop(t, stand.Options{})
	first := s.start([]string{"VERSION=v2"}, "deploy")
	first.until("settling")
	r := s.run([]string{"VERSION=v2"}, "deploy")
	if r.Code != 6 || r.Report.Outcome != model.Locked || !strings.Contains(r.Report.Message, fmt.Sprint(first.cmd.Process.Pid)) {
		t.Errorf("the second: %d %s %s", r.Code, r.Report.Outcome, r.Report.Message)
	}
	if code := first.end(0); code != 0 {
		t.Errorf("the first: %d\n%s", code, first.text())
	}
	s.nothingLeft()
}

// stream opens a stream through nginx that has no end. What it returns closes it, and says whether it was cut before.
func (s *shop) stream() (end func() error) {
	s.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	s.t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/stream?every=200ms&for=0", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		defer resp.Body.Close()
		_, err := io.Copy(io.Discard, resp.Body)
		if ctx.Err() != nil {
			err = nil
		} else if err == nil {
			err = errors.New("it ended by itself")
		}
		ended <- err
	}()
	return func() error { cancel(); return <-ended }
}

// nothingLeft wants no lock, no helper and nothing under way.
func (s *shop) nothingLeft() {
	s.t.Helper()
	left := strings.Fields(docker(s.t, "ps", "-a", "--filter", "name=^/bluegate-.*"+s.Name+"$", "--format", "{{.Names}}"))
	left = slices.DeleteFunc(left, func(name string) bool { return strings.HasPrefix(name, "bluegate-kept-") })
	if !slices.Equal(left, []string{"bluegate-journal-" + s.Name}) {
		s.t.Errorf("containers of bluegate are left: %s", left)
	}
	id := inspect(s.t, s.Nginx, "{{.Id}}")
	if lock := docker(s.t, "ps", "-aq", "--filter", "name=bluegate-lock-nginx-"+id[:12]); lock != "" {
		s.t.Errorf("nginx's lock is left")
	}
	if r := s.run(nil, "status"); hasFinding(r, "left-behind") || hasFinding(r, "locked") {
		s.t.Errorf("status still speaks of an earlier run: %v", r.Report.Findings)
	}
}
