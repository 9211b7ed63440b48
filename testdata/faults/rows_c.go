package main

import (
	"strings"
	"sync/atomic"
	"time"

	"bluegate/deploy/model"
	"bluegate/testdata/faults/proxy"
	"bluegate/testdata/stand"
)

// C: releases that must not get users, and some that must.
var rowsC = []row{
	{id: "C1", injected: "a release that never becomes healthy", required: "exit 3 as soon as it is decided, with the evidence; removed", tests: bad("never_healthy")},
	{id: "C2", injected: "healthy just before the deadline", required: "passes", tests: []string{"./deploy/gate:TestDeadline"}},
	{id: "C3", injected: "flapping", required: "refused within the window", tests: bad("flapping")},
	{id: "C4", injected: "exits with 0, with 3; killed for want of memory", required: "refused at once, cause named", tests: bad("exit_0", "crash_at_start", "oom")},
	{id: "C5", injected: "a restart loop with restart: always and a probe that passes", required: "refused", tests: bad("crash_loop")},
	{id: "C6", injected: "no healthcheck", required: "refused with a snippet, or by policy", tests: append(bad("no_healthcheck"), "./deploy:TestNoHealthcheck", "./deploy/gate:TestNoHealthcheckSnippet")},
	{id: "C7, C8", injected: "the probe's program is missing; the probe hangs", required: "refused; told apart from an unhealthy app", tests: bad("probe_binary_missing", "probe_hangs")},
	{id: "C10", injected: "a long start_period; failing inside it, healthy after", required: "waits, passes", run: slowStart},
	{id: "C11", injected: "a paused container", required: "refused: paused", tests: bad("paused")},
	{id: "C12", injected: "health passes, and a check says another status, a wrong body, a failing command, a closed port", required: "exit 3, the answer is the evidence", tests: []string{"./testdata/e2e:TestFailingChecks"}},
	{id: "C13", injected: "the app listens on 127.0.0.1 only, its probe passes", required: "refused before any user sees a 502", tests: bad("listens_on_loopback_only")},
	{id: "C14", injected: "one service of two is bad; one replica of three", required: "all or nothing", tests: append(bad("one_of_two"), "./deploy/gate:TestFaults")},
	{id: "C15", injected: "an image that nobody knows; a registry that refuses or hangs", required: "exit 3 before any change; credentials not printed", tests: append(bad("image_cannot_be_pulled"), "./compose:TestPullThatFails", "./compose:TestPullThatStalls")},
	{id: "C17", injected: "a container name and a host port that someone else has", required: "exit 3; the holder named; nothing of his removed", run: takenNames},
	{id: "C18", injected: "the engine's disk is full: when the journal is written, and before anything", required: "exit 7 while nothing was changed, else 3 or 5; the configuration intact, the live colour untouched; goes on when there is room", run: fullDisk},
	{id: "C18 conf", injected: "nginx's disk is full when its configuration is written", required: "the old configuration intact", tests: []string{"./nginx/agent:TestFullDiskLeavesTheOldFile", "./nginx/agent:TestFullDiskUnderAMountedFile"}},
	{id: "C19", injected: "a probe that prints without end, or terminal escapes", required: "capped, made harmless", tests: []string{"./deploy/gate:TestMessagesAreHarmless", "./deploy/redact:TestSanitize", "./deploy/redact:TestSanitizeIsShort"}},
	{id: "C20", injected: "someone removes a container while the gate waits", required: "refused: vanished", run: vanished},
}

// bad are cases of the end-to-end test of bad releases.
func bad(cases ...string) (tests []string) {
	for _, c := range cases {
		tests = append(tests, "./testdata/e2e:TestBadReleases/group/"+c)
	}
	return tests
}

func slowStart(t *trial) {
	s := t.newShop(stand.Options{Edit: func(colour, text string) string {
		if colour == "green" {
			text = strings.NewReplacer("environment: {", "environment: {HEALTHY_AFTER: 3s, ", "start_period: 5s", "start_period: 60s").Replace(text)
		}
		return text
	}})
	r := s.wants(0, "v2", "deploy")
	t.observe("exit %d after %s", r.Code, r.Took.Round(100*time.Millisecond))
	s.holds()
}

func takenNames(t *trial) {
	s := t.newShop(stand.Options{Edit: func(colour, text string) string {
		if colour == "green" {
			text = strings.Replace(text, "    restart:", "    ports: [\"127.0.0.1:18080:3002\"]\n    restart:", 1)
		}
		return text
	}})
	for _, test := range []struct{ what, holds string }{{"name", s.Name + "-was-green-1"}, {"port", s.Name + "-stranger"}} {
		args := []string{"run", "-d", "--name", test.holds}
		if test.what == "port" {
			args = append(args, "-p", "127.0.0.1:18080:3000")
		}
		_, err := stand.Docker(append(args, "bluegate-shop:v1")...)
		t.must(err)
		r := s.wants(3, "v2", "deploy")
		if text := r.Stdout; !strings.Contains(text, test.holds) && !strings.Contains(text, "18080") {
			t.errorf("a taken %s: nobody is named:\n%s", test.what, text)
		}
		if state, err := stand.Docker("inspect", "-f", "{{.State.Status}}", test.holds); err != nil || state != "running" {
			t.errorf("the holder of the %s is %s (%v)", test.what, state, err)
		}
		t.observe("%s: exit %d", test.what, r.Code)
		_, err = stand.Docker("rm", "-fv", test.holds)
		t.must(err)
	}
	s.wants(0, "v2", "deploy")
	s.holds()
}

func fullDisk(t *trial) {
	s := t.newShop(stand.Options{})
	for name, at := range map[string]func(proxy.Call) bool{
		"before anything":             func(c proxy.Call) bool { return c.N == 1 },
		"when the journal is written": func(c proxy.Call) bool { return c.Method == "PUT" },
		"when containers are created": isCreate,
	} {
		var once atomic.Bool
		var room func() error
		s.proxy.Inject(func(c proxy.Call) proxy.Fault {
			if !at(c) || once.Swap(true) {
				return proxy.Fault{}
			}
			return proxy.Fault{Before: func() {
				var err error
				if room, err = t.fill(); err != nil {
					room = nil
				}
			}}
		})
		r := s.run("v2", "deploy")
		s.proxy.Inject(nil)
		if r.Code <= 2 || r.Code > 7 || name == "before anything" && r.Code != 7 {
			t.errorf("%s: exit %d\n%s", name, r.Code, r.Stdout)
		}
		if room == nil {
			t.fatalf("%s: the disk was not filled", name)
		}
		if live := s.stands(); live != model.Blue {
			t.errorf("%s: %s is live", name, live)
		}
		t.must(room())
		s.recovers("settle", "v2")
		t.observe("%s: exit %d", name, r.Code)
	}
	s.wants(0, "v2", "deploy")
	s.holds()
}

func vanished(t *trial) {
	s := t.newShop(stand.Options{Config: patience})
	c := s.start("v2", nil, "deploy", "--format", "json")
	c.until("healthy")
	_, err := stand.Docker("rm", "-fv", s.Name+"-was-green-1")
	t.must(err)
	if code := c.end(2 * time.Minute); code != 3 || !strings.Contains(c.said(), `"vanished"`) {
		t.errorf("exit code %d\n%s", code, lastLines(c.said(), 20))
	}
	t.observe("exit 3: vanished")
	s.holds()
}
