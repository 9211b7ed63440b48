package gate_test

import "testing"

// TestDeadline plays what is late, and that a timeout says what the last real reason was.
func TestDeadline(t *testing.T) {
	playAll(t, []scene{
		{"still starting", `
			expect app retries=30
			at 50s: app starting streak=7 probe 7 curl: (7) Failed to connect to 127.0.0.1 port 8080
			verdict at 59.999s: waiting until 1m0s
			verdict at 60s: refused timeout(app)
			says was still starting at the deadline, 7 of 30 probes failed; the last probe exited with 7: curl: (7) Failed`},
		{"still starting, and no probe has ended", `
			expect app
			at 50s: app starting
			verdict at 60s: refused timeout(app)
			says 0 of 3 probes failed; no probe result is known`},
		{"still inside start_period", `
			expect app start_period=5m
			at 50s: app starting probe 1 not yet
			verdict at 60s: refused timeout(app)
			says inside its start_period of 5m0s; the last probe exited with 1: not yet`},
		{"unhealthy with retries left", `
			expect app
			at 59s: app unhealthy streak=2 probe 1 no
			verdict at 60s: refused timeout(app)
			says was unhealthy at the deadline, 2 of 3 probes failed`},
		{"failing again", `
			expect app
			at 50s: app healthy
			at 59s: app healthy streak=1 failed=59s probe 1 no
			verdict at 60s: refused timeout(app)
			says was failing again at the deadline, 1 of 3 probes failed; the last probe exited with 1: no`},
		{"in a state of another engine", `
			expect app
			at 50s: app state=stopping healthy
			verdict at 60s: refused timeout(app)
			says was not running at the deadline, but stopping`},
		{"unhealthy, and the engine's log of it is not known", `
			expect app
			at 59s: app unhealthy streak=2
			verdict at 60s: refused timeout(app)
			says 2 of 3 probes failed; no probe result is known`},
		{"became good too late", `
			expect app
			at 61s: app healthy
			verdict at 61s: refused timeout(app)
			says became good only after the deadline`},
		{"good in time, interrupted after the deadline", `
			expect app; db
			at 58s: app healthy
			at 59s: db healthy
			verdict at 61s: waiting until 1m4s
			at 62s: app healthy streak=1 failed=62s probe 1 no
			verdict at 62s: refused timeout(app)`},
		{"good in time, interrupted and good again after the deadline", `
			expect app; db
			at 58s: app healthy
			at 59s: db healthy
			at 62s: app healthy streak=1 failed=62s probe 1 no
			at 63s: app healthy failed=62s probe 0
			verdict at 63s: refused timeout(app)
			says it had lost its health before (times: 1); the last probe exited with 1: no`},
		{"good exactly at the deadline", `
			expect app
			at 60s: app healthy
			verdict at 60s: waiting until 1m5s
			verdict at 65s: open`},
		{"never created", `
			expect app
			verdict at 60s: refused missing(app)
			says service "app": its container was never created`},
		{"one replica never created", `
			expect app x3
			at 1s: app-1 healthy
			at 1s: app-3 healthy
			verdict at 60s: refused missing(app)
			says container 3 of 3 was never created`},
		{"never started; what it waits for", `
			expect app after=db:healthy after=migrate:completed after=cache:started after=outside:healthy; db; migrate one-shot; cache
			at 1s: app created
			at 1s: db healthy
			at 1s: migrate running
			at 1s: cache created
			verdict at 60s: refused timeout(migrate), timeout(app), timeout(cache)
			says it waits for "migrate" (service_completed_successfully), "cache" (service_started)
			omits "db"
			says container "migrate" had not ended at the deadline`},
		{"never started; what it waits for has started", `
			expect app after=cache:started; cache
			at 1s: app created
			at 1s: cache starting
			verdict at 60s: refused timeout(cache), timeout(app)
			says container "app" was created and never started
			omits it waits for`},
	})
}
