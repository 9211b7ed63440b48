package e2e

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"bluegate/deploy/model"
	"bluegate/testdata/sample"
	"bluegate/testdata/shop/load"
	"bluegate/testdata/stand"
)

// scenario is what a user does and what must be observed, on every engine. The shop has blue live in version v1.
type scenario struct {
	name string
	play func(s *shop)
}

// scenarios are played on Compose (TestScenarios) and on a Swarm of three nodes (TestSwarm).
var scenarios = []scenario{
	{"promoted and rolled back", promotedAndRolledBack},
	{"refused", refusedByItsHealth},
	{"interrupted", interrupted},
	{"killed in the gate", killedInTheGate},
	{"drain limit", drainLimit},
	{"killed in the drain", killedInTheDrain},
	{"two at once", twoAtOnce},
}

func TestScenarios(t *testing.T) {
	t.Parallel()
	for _, sc := range sample.Rows(t, scenarios, 4) {
		t.Run(sc.name, func(t *testing.T) {
			t.Parallel()
			sc.play(openShop(t, stand.Options{}))
		})
	}
}

// A release is promoted, another one after it, and the last one is rolled back. Users lose nothing, and are answered by one
// colour after the other. A second rollback is refused.
func promotedAndRolledBack(s *shop) {
	s.config(unhurried)
	stop := s.load(load.Options{Long: 3 * time.Second})
	for i, to := range []model.Colour{model.Green, model.Blue} {
		r := s.deploys(0, model.Promoted, []string{"VERSION=v2"})
		if r.Report.From != to.Other() || r.Report.To != to || r.Report.Live != to {
			s.t.Errorf("deployment %d: from %q to %q, live %q", i+1, r.Report.From, r.Report.To, r.Report.Live)
		}
	}
	if r := s.back(0, model.Promoted); r.Report.Live != model.Green || r.Report.From != model.Blue {
		s.t.Errorf("rollback: from %q, live %q", r.Report.From, r.Report.Live)
	}
	record := stop()
	s.t.Logf("\n%s", record)
	nothingLost(s.t, record, load.AllKinds()...)
	colours(s.t, record, "blue", "green", "blue", "green")
	if got := versions(record); !slices.Equal(got, []string{"blue v1", "green v2", "blue v2"}) {
		s.t.Errorf("the clients saw %v", got)
	}
	if r := s.back(2, model.Malformed); !strings.Contains(r.Report.Message, "a rollback is not rolled back") {
		s.t.Errorf("the message is %q", r.Report.Message)
	}
	s.nothingLeft()
}

// versions are the colours' versions that answered, in the order in which they first did.
func versions(r load.Record) (seen []string) {
	for _, q := range r.Requests {
		if answer := q.Colour + " " + q.Version; !q.Failed() && q.Kind == load.NoKeepAlive && !slices.Contains(seen, answer) {
			seen = append(seen, answer)
		}
	}
	return seen
}

// A release that never becomes healthy gets no users, and is removed. The reason has its log, and the words of its probe. A
// Swarm does not tell those of a task on another node, nor an unhealthy task from one that ended by itself with exit code 0.
func refusedByItsHealth(s *shop) {
	s.untouched(func() {
		r := s.deploys(3, model.Refused, []string{"VERSION=v3"})
		reason := r.Report.Reasons[0]
		if len(reason.LogTail) == 0 {
			s.t.Errorf("the reason has no log: %+v", reason)
		}
		switch {
		case reason.Code == model.Unhealthy && strings.Contains(r.Stdout, "cannot reach the database"):
		case s.Swarm && (reason.Code == model.Exited || reason.Code == model.Restarting) && strings.Contains(reason.Message, "its healthcheck failed, or it ended by itself"):
		default:
			s.t.Errorf("the reason is %+v", reason)
		}
	})
	s.nothingLeft()
}

func interrupted(s *shop) { s.undoes(syscall.SIGTERM) }

// undoes wants a deployment that is interrupted before the switch to be undone, with the exit code of the signal.
func (s *shop) undoes(signal syscall.Signal) {
	s.t.Helper()
	s.config(long)
	s.untouched(func() {
		b := s.start([]string{"VERSION=v2"}, "deploy")
		b.until("healthy")
		if code := b.end(signal); code != 128+int(signal) {
			s.t.Errorf("exit code %d, want %d\n%s", code, 128+int(signal), b.text())
		}
	})
	s.nothingLeft()
}

// A deployment that is killed in the gate leaves users where they were. Those who look are told; the next deployment
// settles it without any manual step.
func killedInTheGate(s *shop) {
	s.config(long)
	stop := s.load(load.Options{})
	b := s.start([]string{"VERSION=v2"}, "deploy")
	b.until("healthy")
	b.end(syscall.SIGKILL)
	if r := s.run(nil, "status"); r.Code != 0 || r.Report.Live != model.Blue || !hasFinding(r, "left-behind") {
		s.t.Errorf("status: %d, live %q, findings %v", r.Code, r.Report.Live, r.Report.Findings)
	}
	s.config(quick)
	if r := s.deploys(0, model.Promoted, []string{"VERSION=v2"}); !hasFinding(r, "settled") {
		s.t.Errorf("the next deployment does not say what it settled: %v", r.Report.Findings)
	}
	record := stop()
	nothingLost(s.t, record, load.AllKinds()...)
	colours(s.t, record, "blue", "green")
	s.nothingLeft()
}

// A stream holds an old worker longer than the drain may last: the new colour is live, the old one keeps running, and
// what to run is said. Until that is done no deployment takes the old colour away.
func drainLimit(s *shop) {
	s.config(quick + "drain: {timeout: 1s}\n")
	end := s.stream()
	before := s.containers()
	r := s.deploys(5, model.NeedsPerson, []string{"VERSION=v2"})
	if r.Report.Live != model.Green || r.Report.Run != "bluegate settle" {
		s.t.Errorf("live %q, run %q", r.Report.Live, r.Report.Run)
	}
	both := s.containers()
	if len(both) != 2*len(before) || !slices.Equal(without(both, "green"), before) {
		s.t.Errorf("of both colours run %v", both)
	}
	if r = s.deploys(3, model.Refused, []string{"VERSION=v1"}); r.Report.Reasons[0].Code != model.StillDraining || !slices.Equal(s.containers(), both) {
		s.t.Errorf("a deployment that needs a draining colour: %v", r.Report.Reasons)
	}
	if got := end(); got != nil {
		s.t.Errorf("the stream was cut: %v", got)
	}
	if r = s.run(nil, "settle"); r.Code != 0 || r.Report.Outcome != model.Settled {
		s.t.Fatalf("settle: %d %s %s", r.Code, r.Report.Outcome, r.Report.Message)
	}
	if got, want := s.containers(), without(both, "blue"); !slices.Equal(got, want) {
		s.t.Errorf("after settle %v run, want %v", got, want)
	}
	s.nothingLeft()
}

// without leaves out the containers of a colour.
func without(containers []string, colour string) []string {
	return slices.DeleteFunc(slices.Clone(containers), func(name string) bool { return strings.Contains(name, "-"+colour) })
}

// Killed in the drain: users are on the new colour, and settle finishes what is left.
func killedInTheDrain(s *shop) {
	end := s.stream()
	b := s.start([]string{"VERSION=v2"}, "deploy")
	b.until("drain")
	b.end(syscall.SIGKILL)
	if r := s.run(nil, "status"); r.Report.Live != model.Green || !hasFinding(r, "left-behind") {
		s.t.Errorf("status: live %q, findings %v", r.Report.Live, r.Report.Findings)
	}
	if got := end(); got != nil {
		s.t.Errorf("the stream was cut: %v", got)
	}
	if r := s.run(nil, "settle"); r.Code != 0 {
		s.t.Fatalf("settle: %d %s", r.Code, r.Report.Message)
	}
	if running := s.containers(); len(without(running, "blue")) != len(running) || len(running) == 0 {
		s.t.Errorf("after settle %v run", running)
	}
	s.nothingLeft()
}

// Two deployments at once: one runs, the other is told who holds the lock.
func twoAtOnce(s *shop) {
	first := s.start([]string{"VERSION=v2"}, "deploy")
	first.until("settling")
	r := s.run([]string{"VERSION=v2"}, "deploy")
	if r.Code != 6 || r.Report.Outcome != model.Locked || !strings.Contains(r.Report.Message, fmt.Sprint(first.cmd.Process.Pid)) {
		s.t.Errorf("the second: %d %s %s", r.Code, r.Report.Outcome, r.Report.Message)
	}
	if code := first.end(0); code != 0 {
		s.t.Errorf("the first: %d\n%s", code, first.text())
	}
	s.nothingLeft()
}
