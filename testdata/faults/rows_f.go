package main

import (
	"slices"
	"sync/atomic"
	"time"

	"bluegate/deploy/model"
	"bluegate/testdata/faults/proxy"
	"bluegate/testdata/stand"
)

// F: after the switch.
var rowsF = []row{
	{id: "F1", injected: "the new colour turns unhealthy in the bake", required: "pointed back, exit 4; the old one never stopped", tests: []string{"./deploy:TestBake"}},
	{id: "F2", injected: "the old colour dies while the new one starts: a good one, a bad one; and with the whole engine", required: "gate unchanged; a good one is made live; after a bad one the old colour is started again, exit 5", run: oldColourDies},
	{id: "F2 in part", injected: "one container of the old colour dies, or it crashes in a loop or is paused", required: "gate unchanged; reported", tests: []string{"./deploy:TestLiveColourEnds", "./deploy:TestLiveColourThatFails"}},
	{id: "F3, F4", injected: "both are bad in the bake; the rollback's own reload fails", required: "no flapping; exit 5, what to run is said, nothing removed", tests: []string{"./deploy:TestBake", "./deploy:TestRollbackHasLimits"}},
	{id: "F5", injected: "the old colour ignores SIGTERM", required: "grace, then kill; exit 0 with a warning", tests: []string{"./deploy:TestRetired"}},
	{id: "F6, F7", injected: "a rollback with nothing to go back to; a rollback twice", required: "refused clearly", tests: []string{"./deploy:TestRollback", "./testdata/e2e:TestRollback"}},
}

// oldColourDies ends the live colour while a release starts. Users do lose requests; what must come back is a colour that
// passed its gate.
func oldColourDies(t *trial) {
	s := t.newShopWith(stand.Options{Config: "gate: {stable: 2s}\n"}, false)
	kill := func() {
		if _, err := stand.Docker("kill", s.Name+"-was-blue-1", s.Name+"-signal-blue-1"); err != nil {
			t.errorf("%v", err)
		}
	}
	restart := func() { _ = t.kill(); _ = t.engine.start() }
	for _, test := range []struct {
		name, version string
		do            func()
		codes         []int
		live          model.Colour
	}{
		{"a bad release", "v3", kill, []int{5}, model.Blue},
		{"with the engine", "v2", restart, []int{3, 5}, model.Blue}, // 20.10 leaves what is "unless-stopped" alone then
		{"a good release", "v2", kill, []int{0}, model.Green},
	} {
		var once atomic.Bool
		s.proxy.Inject(func(c proxy.Call) proxy.Fault {
			if !isCreate(c) || once.Swap(true) {
				return proxy.Fault{}
			}
			return proxy.Fault{After: test.do}
		})
		c := s.start(test.version, nil, "deploy")
		code := c.end(5 * time.Minute)
		s.proxy.Inject(nil)
		t.must(t.ready())
		s.comesBack()
		if live := s.served(); !slices.Contains(test.codes, code) || live != test.live {
			t.errorf("%s: exit %d, want %v; %q is served, want %s\n%s", test.name, code, test.codes, live, test.live, lastLines(c.said(), 15))
		}
		t.observe("%s: exit %d, %s is served", test.name, code, s.served())
		t.within(time.Minute, "what is served is healthy", func() bool { return s.run(test.version, "health").Code == 0 })
		s.recovers("settle", test.version)
	}
	s.discreet()
	s.tidy()
}
