package deploy

import (
	"slices"
	"strings"
	"testing"
	"time"

	"bluegate/deploy/check"
	"bluegate/deploy/gate"
	"bluegate/deploy/model"
)

// What can be done of a switch before the gate opens is done by then, and is given up when the gate does not open.

// times notes when lines were done, after the start of the release's containers.
func (p *process) times() map[string]time.Duration {
	at := map[string]time.Duration{}
	var began time.Time
	p.onLine = func(line string) {
		if line == "start signal-green" {
			began = time.Now()
		}
		at[line] = time.Since(began)
	}
	return at
}

func TestApproachBeforeTheGateOpens(t *testing.T) {
	story(t, "the lock and the journal", func(t *testing.T, w *world) { // healthy after 2 s, and that for 5 s
		p := w.process()
		at := p.times()
		ends(t, p.deploy(), model.Promoted, 0, model.Green)
		for _, line := range []string{"lock nginx-edge-0123456", "journal switching"} {
			if at[line] < 6*time.Second || at[line] > 6500*time.Millisecond {
				t.Errorf("%s after %s, want a second before the gate opens", line, at[line])
			}
		}
		if at["write green"] < 7*time.Second {
			t.Errorf("written after %s, before the gate has opened", at["write green"])
		}
	})
	story(t, "not where checks come between", func(t *testing.T, w *world) {
		p := w.process()
		p.settings.Checks = map[model.Colour][]check.Check{model.Green: {{Request: check.Request{Kind: check.TCP, Target: "was-green:8080", Timeout: time.Second}, From: check.Nginx, Service: "was-green", Attempts: 1, Passes: 1}}}
		w.answers = func(check.Request) check.Result { return check.Result{} }
		at := p.times()
		ends(t, p.deploy(), model.Promoted, 0, model.Green)
		if at["lock nginx-edge-0123456"] < 7*time.Second {
			t.Errorf("nginx is locked after %s, while checks are still to come", at["lock nginx-edge-0123456"])
		}
	})
}

func TestApproachIsGivenUp(t *testing.T) {
	lines := func(w *world, words ...string) (found []string) {
		for _, line := range w.lines {
			if slices.ContainsFunc(words, func(word string) bool { return strings.HasPrefix(line, word) }) {
				found = append(found, line)
			}
		}
		return found
	}
	story(t, "a probe fails in the last second", func(t *testing.T, w *world) {
		w.lives["was-green"] = slices.Concat(healthyAfter(2*time.Second), life{{6500 * time.Millisecond, func(s *gate.Sample) {
			s.FailingStreak, s.LastFailure = 1, s.StartedAt.Add(6500*time.Millisecond)
		}}}, healthyAfter(9*time.Second))
		p := w.process()
		at := p.times()
		ends(t, p.deploy(), model.Promoted, 0, model.Green)
		got := strings.Join(lines(w, "lock nginx", "unlock nginx", "journal switching", "write"), ", ")
		const lock, unlock, journal = "lock nginx-edge-0123456", "unlock nginx-edge-0123456", "journal switching"
		if want := strings.Join([]string{lock, journal, unlock, lock, journal, "write green", unlock}, ", "); got != want {
			t.Errorf("%s, want %s", got, want)
		}
		if at["write green"] < 14*time.Second {
			t.Errorf("written after %s", at["write green"])
		}
	})
	story(t, "a container exits in the last second", func(t *testing.T, w *world) {
		w.lives["was-green"] = slices.Concat(healthyAfter(2*time.Second), exitsAfter(6500*time.Millisecond, 3))
		ends(t, w.process().deploy(), model.Refused, 3, model.Blue)
		done(t, w, passed+"\n unlock nginx-edge-0123456"+abandoned+"\n close \n unlock shop")
	})
}
