package nginx

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"bluegate/nginx/agent"
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
