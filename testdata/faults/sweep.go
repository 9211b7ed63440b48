package main

import (
	"fmt"
	"math/rand/v2"
	"os/exec"
	"sync/atomic"
	"time"

	"bluegate/testdata/faults/proxy"
)

// victim is a bluegate that is going to be killed.
type victim struct{ cmd atomic.Pointer[exec.Cmd] }

func (v *victim) kill() {
	if cmd := v.wait(); cmd != nil {
		_ = cmd.Process.Kill()
	}
}

// wait is for a call that is here before the start of its process has returned.
func (v *victim) wait() *exec.Cmd {
	for range 1000 {
		if cmd := v.cmd.Load(); cmd != nil {
			return cmd
		}
		time.Sleep(time.Millisecond)
	}
	return nil
}

// killedAt runs a command that is killed before the n-th call that changes something reaches the engine, or after the
// engine has done it. killed is false when there were fewer calls.
func (s *shop) killedAt(n int, after bool, version string, args ...string) (killed bool, at proxy.Call, code int) {
	var v victim
	var hit atomic.Pointer[proxy.Call]
	s.proxy.Inject(func(c proxy.Call) proxy.Fault {
		if c.N != n {
			return proxy.Fault{}
		}
		if !hit.CompareAndSwap(nil, &c) {
			return proxy.Fault{}
		}
		if after {
			return proxy.Fault{After: v.kill, Lose: true}
		}
		return proxy.Fault{Before: v.kill, Drop: true}
	})
	c := s.start(version, nil, args...)
	v.cmd.Store(c.cmd)
	code = c.end(3 * time.Minute)
	s.proxy.Inject(nil)
	if call := hit.Load(); call != nil && code == -1 {
		return true, *call, code
	}
	return false, proxy.Call{}, code
}

func other(version string) string {
	if version == "v1" {
		return "v2"
	}
	return "v1"
}

// recovers is the end of I3: the next command, whichever it is, needs no manual step.
func (s *shop) recovers(command string, version string) {
	r := s.wants(0, version, command)
	if r.Code != 0 {
		return
	}
	if seen := s.served(); seen != r.Report.Live {
		s.t.errorf("after %s users are served by %q, and the report says %q", command, seen, r.Report.Live)
	}
}

// sweep kills a deployment at each of its points, one run after the other on one shop.
func sweep(after bool) func(*trial) {
	return func(t *trial) {
		s := t.newShop(standOptions)
		version, runs := "v2", 0
		n := 1 + t.dice.IntN(t.every)
		for ; ; n += t.every {
			wrong := len(t.wrong)
			killed, at, code := s.killedAt(n, after, version, "deploy")
			if !killed {
				if code != 0 {
					t.errorf("an uninterrupted deployment ended with %d", code)
				}
				break
			}
			runs++
			s.stands()
			s.recovers([]string{"deploy", "settle"}[runs%2], version)
			if len(t.wrong) > wrong {
				t.errorf("that was a kill at point %d, %s", n, at)
			}
			version = other(version)
			if len(t.wrong) > 20 {
				break
			}
		}
		s.holds()
		t.observe("%d kills at every %s of the points of a deployment, up to point %d", runs, ordinal(t.every), n)
	}
}

// sweepSettle kills the settling of a deployment that was killed in its switch.
func sweepSettle(t *trial) {
	s := t.newShop(standOptions)
	version, runs := "v2", 0
	for _, phase := range []string{"before the write", "after the write", "after the signal"} {
		for n := 1 + t.dice.IntN(t.every); ; n += t.every {
			wrong := len(t.wrong)
			s.killedInSwitch(phase, version)
			killed, at, code := s.killedAt(n, n%2 == 0, version, "settle")
			if !killed {
				if code != 0 {
					t.errorf("an uninterrupted settle ended with %d", code)
				}
				break
			}
			runs++
			s.stands()
			s.recovers([]string{"deploy", "settle"}[runs%2], version)
			if len(t.wrong) > wrong {
				t.errorf("that was a kill of settle at point %d, %s, after a kill %s", n, at, phase)
			}
			version = other(version)
			if len(t.wrong) > 20 {
				return
			}
		}
	}
	s.holds()
	t.observe("%d kills of settle itself, after kills before and after the write and after the signal", runs)
}

// killedInSwitch leaves a deployment that died in its switch.
func (s *shop) killedInSwitch(phase, version string) {
	var v victim
	s.proxy.Inject(func(c proxy.Call) proxy.Fault {
		write, signal := c.Method == "WRITE", isSignal(c)
		switch {
		case phase == "before the write" && write:
			return proxy.Fault{Before: v.kill, Drop: true}
		case phase == "after the write" && write:
			return proxy.Fault{After: v.kill, Lose: true}
		case phase == "after the signal" && signal:
			return proxy.Fault{After: v.kill, Lose: true}
		}
		return proxy.Fault{}
	})
	c := s.start(version, nil, "deploy")
	v.cmd.Store(c.cmd)
	if code := c.end(time.Minute); code != -1 {
		s.t.errorf("the deployment that was to be killed %s ended with %d\n%s", phase, code, lastLines(c.said(), 10))
	}
	s.proxy.Inject(nil)
}

// randomly kills deployments at random moments. Every second one is followed by another that is killed too.
func randomly(share int) func(*trial) {
	return func(t *trial) {
		s := t.newShop(standOptions)
		began := time.Now()
		s.wants(0, "v2", "deploy")
		whole := time.Since(began)
		kills, version := t.random/share, "v1"
		for i := range kills {
			wrong := len(t.wrong)
			at := rand.N(whole + whole/4)
			if t.seed != 0 {
				at = time.Duration(t.dice.Int64N(int64(whole + whole/4)))
			}
			c := s.start(version, nil, "deploy")
			select {
			case <-c.ended:
			case <-time.After(at):
				_ = c.cmd.Process.Kill()
				<-c.ended
			}
			s.stands()
			if i%2 == 1 {
				s.recovers([]string{"deploy", "settle"}[i/2%2], version)
			}
			if len(t.wrong) > wrong {
				t.errorf("that was random kill %d, after %s; the last words:\n%s", i, at, lastLines(c.said(), 5))
			}
			version = other(version)
			if len(t.wrong) > 20 {
				break
			}
		}
		s.recovers("settle", version)
		s.holds()
		t.observe("%d kills at random moments of a deployment of %s (seed %d)", kills, whole.Round(100*time.Millisecond), t.seed)
	}
}

func ordinal(n int) string {
	switch n {
	case 1:
		return "one"
	case 2:
		return "second one"
	case 3:
		return "third one"
	}
	return fmt.Sprintf("%dth one", n)
}
