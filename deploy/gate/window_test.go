package gate_test

import "testing"

// TestWindow plays the stable window: what holds it, what begins it again, and that nothing else does.
func TestWindow(t *testing.T) {
	playAll(t, []scene{
		{"it begins with the last container that became good", `
			expect app x2; db
			at 1s: app-1 healthy
			at 2s: db healthy
			at 4s: app-2 healthy
			verdict at 8.9s: waiting until 9s
			verdict at 9s: open`},
		{"with stable 0 the first moment suffices", `
			expect app x2
			stable 0s
			at 1s: app-1 healthy
			verdict at 1s: waiting until 1m0s
			at 4s: app-2 healthy
			verdict at 4s: open`},
		{"with stable 0 the moments must be the same", `
			expect app x2
			stable 0s
			at 1s: app-1 healthy
			at 2s: app-1 healthy streak=1
			at 3s: app-2 healthy
			verdict at 3s: waiting until 1m0s`},
		{"an age that ends behind it", `
			expect app x2 age=20s; db
			at 1s: app-1 healthy
			at 4s: app-2 healthy started=3s
			at 9s: db healthy started=8s
			verdict at 15s: waiting until 23s
			verdict at 23s: open`},
		{"an age that ends within it", `
			expect app age=3s
			at 1s: app healthy
			verdict at 5s: waiting until 6s
			verdict at 6s: open`},
		{"an age does not count against the deadline", `
			expect app age=2m
			at 1s: app healthy
			verdict at 61s: waiting until 2m0s
			verdict at 2m: open`},
		{"a failing probe in a sample", `
			expect app
			at 1s: app healthy
			at 5s: app healthy streak=1 failed=5s
			verdict at 6s: waiting until 1m0s
			at 7s: app healthy failed=5s
			verdict at 11s: waiting until 12s
			verdict at 12s: open`},
		{"a failing probe between two samples", `
			expect app
			at 1s: app healthy
			at 5s: app healthy failed=4s
			verdict at 6s: waiting until 10s
			at 8s: app healthy failed=4s
			verdict at 10s: open`},
		{"a failing probe from before it was good", `
			expect app
			at 2s: app healthy failed=1s
			at 3s: app healthy failed=1s
			verdict at 7s: open`},
		{"a health log that has forgotten the failure", `
			expect app
			at 2s: app healthy failed=1s
			at 6s: app healthy
			verdict at 7s: open`},
		{"two failures in one relapse are one loss", `
			expect app retries=9
			at 1s: app healthy
			at 2s: app healthy streak=1 failed=2s
			at 3s: app healthy streak=2 failed=3s
			at 4s: app healthy streak=3 failed=4s
			at 5s: app healthy failed=4s
			verdict at 10s: open`},
		{"a container more comes while it runs", `
			expect app
			at 1s: app-1 healthy
			at 4s: app-2 starting
			verdict at 6s: waiting until 1m0s
			at 7s: app-2 healthy
			verdict at 12s: open`},
		{"the clock of the engine does not matter", `
			expect app
			at 1s: app starting started=-1h failed=-59m probe 1 not yet
			at 2s: app healthy started=-1h failed=-59m
			at 3s: app healthy started=-1h failed=-59m
			verdict at 7s: open`},
		{"nor does one that is ahead", `
			expect app
			at 2s: app healthy started=1h failed=61m
			at 3s: app healthy started=1h failed=61m
			at 3.5s: app healthy started=1h failed=61m
			at 3.8s: app healthy started=1h failed=61m
			at 4s: app healthy started=1h failed=62m
			verdict at 7s: waiting until 9s
			verdict at 9s: open`},
		{"a start that the engine has forgotten is not a second one", `
			expect app
			at 1s: app healthy
			at 2s: app created
			verdict at 2s: waiting until 1m0s`},
		{"open is final", `
			expect app
			at 1s: app healthy
			verdict at 6s: open
			at 7s: app exited exit=1
			at 8s: app vanishes
			verdict at 9s: open`},
		{"refused is final", `
			expect app
			at 1s: app paused
			verdict at 1s: refused paused(app)
			at 2s: app healthy
			verdict at 99s: refused paused(app)`},
		{"refused does not depend on when the verdict is asked for", `
			expect app
			at 1s: app paused
			at 2s: app healthy
			verdict at 99s: refused paused(app)`},
	})
}

// TestOrderOfReasons: the most telling cause stands first, since many readers see no other.
func TestOrderOfReasons(t *testing.T) {
	playAll(t, []scene{
		{"by what they explain", `
			expect a; b; c; d; e no-probe
			at 1s: a vanishes
			at 1s: a healthy
			at 1s: b paused
			at 1s: c unhealthy streak=3
			at 1s: d exited exit=137 oom
			verdict at 1s: refused oom-killed(d), unhealthy(c), paused(b), vanished(a), no-healthcheck(e)`},
		{"the earlier one first: it may have brought about the other", `
			expect app x2; db
			at 2.2s: app-1 exited exit=1
			at 2.1s: app-2 exited exit=1
			at 2s: db exited exit=1
			verdict at 3s: refused exited(db), exited(app-2), exited(app-1)`},
		{"replicas by their number", `
			expect app x12
			at 1s: app-10 paused
			at 1s: app-2 paused
			at 1s: app-1 paused
			verdict at 1s: refused paused(app-1), paused(app-2), paused(app-10)`},
		{"at the deadline, those that wait for others last", `
			expect app x2 after=db:healthy; db; web after=app:healthy; cache
			at 1s: app-1 created
			at 1s: app-2 created
			at 1s: db starting
			at 2s: web created
			verdict at 60s: refused timeout(db), missing(cache), timeout(app-1), timeout(app-2), timeout(web)
			says container "app-1" was created and never started; it waits for "db" (service_healthy)`},
	})
}
