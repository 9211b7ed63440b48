package gate_test

import "testing"

// TestFacts plays what was measured of Docker's health and would mislead a gate that believes it. The numbers are those
// of the list of facts.
func TestFacts(t *testing.T) {
	playAll(t, []scene{
		{"1: healthy admits crash loops: each sample passes by itself", `
			expect app
			at 1s: app healthy
			verdict at 1s: waiting until 6s
			at 5s: app healthy started=4s
			verdict at 5s: refused restarting(app)
			says not by its restart policy`},
		{"1: a crash loop that is first seen in its second life", `
			expect app
			at 5s: app healthy restarts=1 started=4s
			verdict at 5s: refused restarting(app)
			says restarts: 1`},
		{"2: unhealthy with retries left is a stop; the exit says why", `
			expect app retries=5
			at 1s: app healthy
			at 2s: app unhealthy streak=2 failed=2s
			verdict at 2s: waiting until 1m0s
			at 3s: app exited unhealthy streak=2 failed=2s exit=3
			verdict at 3s: refused exited(app)
			says exited with 3`},
		{"2: unhealthy with the retries used up is a verdict", `
			expect app retries=5
			at 4s: app unhealthy streak=4
			verdict at 4s: waiting until 1m0s
			at 5s: app unhealthy streak=5 failed=5s probe 1 HTTP 503
			verdict at 5s: refused unhealthy(app)
			says 5 of 5 probes failed in a row; the last probe exited with 1: HTTP 503`},
		{"2: a verdict without the log of it", `
			expect app
			at 5s: app unhealthy streak=3
			verdict at 5s: refused unhealthy(app)
			says 3 of 3 probes failed in a row`},
		{"2: unhealthy of which the streak is not known is no verdict", `
			expect app
			at 1s: app unhealthy
			verdict at 1s: waiting until 1m0s
			at 2s: app healthy
			verdict at 7s: open`},
		{"3: a one-shot that inherited a healthcheck ends unhealthy and passes", `
			expect migrate one-shot
			stable 0s
			at 1s: migrate starting
			verdict at 1s: waiting until 1m0s
			at 2s: migrate exited unhealthy streak=3
			verdict at 2s: open`},
		{"3: a one-shot that is unhealthy while it runs just takes its time", `
			expect migrate one-shot
			at 1s: migrate unhealthy streak=9
			verdict at 1s: waiting until 1m0s`},
		{"4: healthy without running is no pass: the engine was killed and came back", `
			expect app
			at 1s: app healthy
			at 3s: app exited healthy exit=0
			verdict at 3s: refused exited(app)
			says Its health still reads healthy`},
		{"5: one passing probe turns unhealthy into healthy, and does not mend the window", `
			expect app retries=2
			at 1s: app healthy
			at 3s: app unhealthy streak=1 failed=3s
			at 4s: app healthy failed=3s
			verdict at 6s: waiting until 9s
			verdict at 9s: open`},
		{"5: pausing turns healthy into unhealthy, and paused is the reason", `
			expect app
			at 1s: app healthy
			at 2s: app paused unhealthy streak=3
			verdict at 2s: refused paused(app)`},
		{"6: failures inside start_period do not count, a pass inside it does", `
			expect app start_period=30s
			at 5s: app starting failed=5s probe 1 not yet
			verdict at 5s: waiting until 1m0s
			at 10s: app healthy failed=9s
			verdict at 10s: waiting until 15s
			at 12s: app healthy failed=9s
			verdict at 15s: open`},
		{"7: a probe whose binary is missing", `
			expect app
			at 3s: app unhealthy streak=3 probe -1 OCI runtime exec failed: exec: "curl": executable file not found in $PATH: unknown
			verdict at 3s: refused unhealthy(app)
			says the healthcheck's command does not exist in the image: OCI runtime exec failed: exec: "curl"`},
		{"7: a probe over its timeout", `
			expect app
			at 9s: app unhealthy streak=3 probe -1 Health check exceeded timeout (1s)
			verdict at 9s: refused unhealthy(app)
			says the last probe did not end in time: Health check exceeded timeout (1s)`},
		{"8: an exec form that a shell was given", `
			expect app
			at 3s: app unhealthy streak=3 probe 1 /bin/sh: 1: [/app,check]: not found
			verdict at 3s: refused unhealthy(app)
			says the healthcheck hands a JSON list to a shell`},
		{"10: an empty set passes nothing", `
			stable 0s
			verdict at 0s: refused missing()
			says the release has no container`},
		{"10: nor does a set of which every service is scaled to zero", `
			expect app x0; migrate one-shot x0
			stable 0s
			verdict at 0s: refused missing()`},
		{"11: a container of another service is not asked", `
			expect app
			at 1s: evergreen-db exited exit=1
			at 1s: app healthy
			verdict at 6s: open`},
		{"16: one-shots need no dependant, and every replica counts", `
			expect migrate one-shot; app x2
			at 1s: migrate exited
			at 1s: app-1 healthy
			verdict at 9s: waiting until 1m0s
			at 9s: app-2 healthy
			verdict at 14s: open`},
	})
}
