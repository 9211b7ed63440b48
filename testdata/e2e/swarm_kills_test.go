package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bluegate/deploy/model"
	"bluegate/testdata/faults/proxy"
	"bluegate/testdata/sample"
	"bluegate/testdata/shop/load"
	"bluegate/testdata/stand"
)

// bluegate is killed before calls of a deployment that change something: in the Swarm, on the node or in nginx's files. Users
// lose nothing, status says which colour is live, and one settle leaves nothing to do by hand. Another manager sees what was
// under way, too: it says on which node nginx is, and changes nothing.
func killedAtItsCalls(t *testing.T) {
	s := openSwarm(t, stand.Options{Config: unhurried})
	engine := strings.TrimPrefix(os.Getenv("BLUEGATE_SWARM_NODE1"), "unix://")
	p, err := proxy.Listen(filepath.Join(s.Dir, "engine.sock"), engine)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	through := []string{"VERSION=v2", "DOCKER_HOST=" + p.Host()}
	kinds := []load.Kind{load.NoKeepAlive, load.KeepAlive, load.Long}
	stop := s.load(load.Options{Kinds: kinds, Rate: 60})
	p.Inject(nil)
	s.deploys(0, model.Promoted, through)
	calls := p.Calls()
	for i, c := range calls {
		t.Logf("%2d %s", i+1, c)
	}
	first, step := 1+int(sample.Seed()%4), max(len(calls)/8, 1)
	for point, elsewhere := first, false; point <= len(calls); point, elsewhere = point+step, !elsewhere {
		s.killedAt(p, point, through, elsewhere)
	}
	nothingLost(t, stop(), kinds...)
	s.nothingLeft()
}

// killedAt kills a deployment at the call of that number, and settles it: first from another manager, if elsewhere is set.
func (s *shop) killedAt(p *proxy.Proxy, point int, env []string, elsewhere bool) {
	s.t.Helper()
	b := s.start(env, "deploy")
	p.Inject(func(c proxy.Call) proxy.Fault {
		if c.N != point {
			return proxy.Fault{}
		}
		return proxy.Fault{Before: func() { _ = b.cmd.Process.Kill() }, Drop: true}
	})
	_ = b.cmd.Wait()
	calls := p.Calls()
	p.Inject(nil)
	at := "its end"
	if len(calls) >= point {
		at = calls[point-1].String()
	}
	status := s.run(nil, "status")
	if elsewhere {
		s.settledElsewhere(at)
	}
	settled := s.run(nil, "settle")
	after := s.run(nil, "status")
	s.t.Logf("killed at %d, %s: live %s; settle: %d %s; live %s", point, at, status.Report.Live, settled.Code, settled.Report.Outcome, after.Report.Live)
	if status.Code != 0 || settled.Code != 0 || after.Code != 0 {
		s.t.Errorf("killed at %d, %s: status %d, settle %d %s, status %d", point, at, status.Code, settled.Code, settled.Report.Message, after.Code)
	}
	if named := strings.Contains(s.conf(), s.Stack("green")); named != (after.Report.Live == model.Green) {
		s.t.Errorf("killed at %d: %s is said to be live, and nginx's files are\n%s", point, after.Report.Live, s.conf())
	}
	s.nothingLeft()
}

// settledElsewhere settles from a manager on which nginx does not run.
func (s *shop) settledElsewhere(at string) {
	s.t.Helper()
	conf, tasks := s.conf(), s.tasks()
	r := s.run([]string{"DOCKER_HOST=" + os.Getenv("BLUEGATE_SWARM_NODE2")}, "settle")
	s.t.Logf("killed at %s: settle from another manager: %d %s %s", at, r.Code, r.Report.Outcome, r.Report.Message)
	switch {
	case s.conf() != conf:
		s.t.Errorf("killed at %s: another manager changed nginx's files", at)
	case r.Code == 7 && strings.Contains(r.Report.Message, "runs on node node1"):
		if now := s.tasks(); !slices.Equal(now, tasks) {
			s.t.Errorf("killed at %s: exit code %d, and what runs has changed: %v, before %v", at, r.Code, now, tasks)
		}
	default:
		s.t.Errorf("killed at %s: settle from another manager: %d %s", at, r.Code, r.Report.Message)
	}
}
