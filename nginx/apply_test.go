package nginx

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"bluegate/deploy/model"
	"bluegate/nginx/agent"
	"bluegate/testdata/pace"
)

// applyOf is the one request of the switch that was planned.
func (s *hostShop) applyOf(limit time.Duration) *agent.Apply {
	f := s.change.Files[0]
	return &agent.Apply{Key: "test", Load: true, Limit: limit, Scope: agent.Scope{Under: s.master.Process.Pid},
		Files: []agent.ApplyFile{{Replace: agent.Replace{Path: f.Path, Old: f.Old, New: f.New}, OldTime: f.OldTime}}}
}

// What was asked for is carried to its end when whoever asked is gone: the streams close right behind the request.
func TestApplyWhenTheAskerIsGone(t *testing.T) {
	s := newHostShop(t)
	s.plan()
	line, err := json.Marshal(agent.Request{ID: 1, Apply: s.applyOf(10 * time.Second)})
	if err != nil {
		t.Fatal(err)
	}
	if err := agent.Serve(strings.NewReader(string(line)+"\n"), io.Discard); err != nil {
		t.Fatal(err)
	}
	s.serves("green")
	if got := read(t, s.file); got != string(s.change.Files[0].New) {
		t.Errorf("the file holds %q", got)
	}
}

// The agent itself takes back what nginx does not load, and says that no worker had taken it. Where the lock of whoever
// asked has ended by then, it leaves the file: another run may be at work on it.
func TestApplyTakesBack(t *testing.T) {
	for name, test := range map[string]struct {
		lock time.Duration
		back bool
	}{
		"within the lock": {time.Minute, true},
		"after the lock":  {500 * time.Millisecond, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newHostShop(t)
			taken, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer taken.Close()
			write(t, s.dir+"/conf.d/more.conf", fmt.Sprintf("server { listen %s; }\n", taken.Addr()))
			s.plan()
			var here agent.Agent
			done := here.Handle(agent.Request{Apply: s.applyOf(10 * time.Second), Until: time.Now().Add(test.lock)}).Applied
			if done == nil || done.Failed != agent.StepLoad || done.Written != 1 || done.Back != test.back || done.Late == test.back || test.back && done.Taken {
				t.Errorf("%+v", done)
			}
			want := s.change.Files[0].New
			if test.back {
				want = s.change.Files[0].Old
			}
			if got := read(t, s.file); got != string(want) {
				t.Errorf("the file holds %q", got)
			}
			s.serves("blue")
		})
	}
}

// An Apply that is given up ends its wait, and takes back what it wrote.
func TestApplyThatIsGivenUp(t *testing.T) {
	s := newHostShop(t)
	s.plan()
	undo := s.site().hold() // the master stands still
	var here agent.Agent
	time.AfterFunc(500*time.Millisecond, func() { here.Handle(agent.Request{GiveUp: "test"}) })
	began := time.Now()
	done := here.Handle(agent.Request{Apply: s.applyOf(time.Minute)}).Applied
	if done == nil || done.Failed != agent.StepRest || !done.Back || time.Since(began) > 30*time.Second {
		t.Errorf("after %s: %+v", time.Since(began), done)
	}
	if got := read(t, s.file); got != string(s.change.Files[0].Old) {
		t.Errorf("the file holds %q", got)
	}
	undo()
	s.serves("blue")
}

// holdUp makes the master stand still while it reads its configuration for the next time, after it has read the file with
// the switch point. It goes on once release is called.
func (s *hostShop) holdUp() (release func()) {
	s.Helper()
	pipe := s.dir + "/more/held.conf"
	if err := syscall.Mkfifo(pipe, 0o644); err != nil {
		s.Fatal(err)
	}
	var once sync.Once
	release = func() {
		once.Do(func() { // whoever reads needs someone who could write
			writer, err := os.OpenFile(pipe, os.O_RDWR, 0)
			if err != nil {
				s.Error(err)
				return
			}
			s.Cleanup(func() { _ = writer.Close() })
		})
	}
	s.Cleanup(release)
	return release
}

// A signal that is sent, and not answered in time: the agent takes back what it wrote, and says that no worker had taken it so
// far. The master has read it, and may take it later: whoever asked has to make it load the old content again. Once the lock
// has ended, the file is left, and what was taken is not known.
func TestApplyThatIsNotAnsweredInTime(t *testing.T) {
	for name, test := range map[string]struct {
		lock time.Duration
		back bool
	}{
		"within the lock": {time.Minute, true},
		"after the lock":  {500 * time.Millisecond, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newHostShop(t)
			s.plan()
			release := s.holdUp()
			var here agent.Agent
			done := here.Handle(agent.Request{Apply: s.applyOf(time.Second), Until: time.Now().Add(test.lock)}).Applied
			if done == nil || done.Failed != agent.StepLoad || done.Unmoved || done.Written != 1 || done.Back != test.back || done.Late == test.back || done.Taken == test.back {
				t.Fatalf("%+v", done)
			}
			if !strings.HasPrefix(done.Why, "its workers did not change within ") || strings.Contains(done.Why, "nil") {
				t.Errorf("%q", done.Why)
			}
			want := s.change.Files[0].New
			if test.back {
				want = s.change.Files[0].Old
			}
			if got := read(t, s.file); got != string(want) {
				t.Errorf("the file holds %q", got)
			}
			s.serves("blue")
			release()
			pace.Until(t, "the master takes what it had read", func() error {
				if got := s.colour(); got != "green" {
					return fmt.Errorf("%s answers", got)
				}
				return nil
			})
			if !test.back {
				return
			}
			if err := s.router.load(t.Context()); err != nil {
				t.Fatal(err)
			}
			s.serves("blue")
		})
	}
}

// A switch whose signal is not answered in time is journaled before it is sent, and is proven to be taken back, also where
// the master takes the new content after that was given up. It says that users may have met the new colour.
func TestSwitchThatIsNotAnsweredInTime(t *testing.T) {
	s := newHostShop(t)
	s.plan()
	before, err := s.router.found.Processes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	release, ended := s.holdUp(), make(chan struct{})
	var watched sync.WaitGroup
	defer watched.Wait()
	defer close(ended)
	watched.Go(func() { // until the agent has taken back what it wrote
		for written := false; ; {
			now, _ := os.ReadFile(s.file)
			switch {
			case string(now) == string(s.change.Files[0].New):
				written = true
			case written && string(now) == string(s.change.Files[0].Old):
				release()
				return
			}
			select {
			case <-ended:
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	})
	s.router.limit = 5 * time.Second
	var journaled []model.Change
	_, err = s.router.Switch(t.Context(), s.change, s.targets(), func(change model.Change) error {
		if got := read(t, s.file); got != string(change.Files[0].Old) {
			t.Errorf("it is journaled after it was written: the file holds %q", got)
		}
		journaled = append(journaled, change)
		return nil
	})
	var failed *model.NotSwitchedError
	if !errors.As(err, &failed) || !failed.Applied || failed.Restored != nil || failed.Reason.Code != model.NginxNotSwitched || !strings.Contains(failed.Error(), "its workers did not change within ") {
		t.Errorf("%v %+v", err, failed)
	}
	if len(journaled) != 1 || !slices.Equal(journaled[0].Workers, before.Accepting()) {
		t.Errorf("journaled %+v, and %q accepted requests", journaled, before.Accepting())
	}
	if state, err := s.router.Compare(t.Context(), journaled[0]); state != model.ChangeNotApplied || err != nil {
		t.Errorf("%s, %v", state, err)
	}
	s.serves("blue")
}
