package e2e

import (
	"context"
	"errors"
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

	"bluegate/testdata/oracle"
	"bluegate/testdata/pace"
	"bluegate/testdata/stand"
)

// spoken is what a command has written so far.
type spoken struct {
	mu   sync.Mutex
	text strings.Builder
}

func (s *spoken) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(b)
}

func (s *spoken) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// background is a bluegate under way.
type background struct {
	t    *testing.T
	shop *shop
	was  oracle.State
	cmd  *exec.Cmd
	said spoken
}

func (s *shop) start(env []string, args ...string) *background {
	s.t.Helper()
	return s.begin(s.Command(context.Background(), env, args...))
}

// begin starts a command whose progress is read.
func (s *shop) begin(cmd *exec.Cmd) *background {
	s.t.Helper()
	b := &background{t: s.t, shop: s, was: s.look(), cmd: cmd}
	b.cmd.Stderr = &b.said
	if err := b.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = b.cmd.Process.Kill() })
	return b
}

func (b *background) text() string { return b.said.String() }

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

// A deployment is undone whichever signal interrupts it; SIGTERM does on every engine (interrupted).
func TestInterrupted(t *testing.T) {
	t.Parallel()
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGHUP} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			// Under nohup these tests would hand on that SIGHUP is ignored; what is caught is not handed on.
			caught := make(chan os.Signal, 1)
			ossignal.Notify(caught, syscall.SIGHUP)
			defer ossignal.Stop(caught)
			openShop(t, stand.Options{}).undoes(signal)
		})
	}
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
	if s.Swarm {
		s.noLock()
		left = append(left, "bluegate-journal-"+s.Name)
	}
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
