package gate_test

import "testing"

// TestFaults plays the rows of the fault list that a gate can see. Those that it cannot (C12 and C13 are for the checks,
// C15 to C18 for the pull and the create) are not here.
func TestFaults(t *testing.T) {
	playAll(t, []scene{
		{"B8: duplicated and late samples change nothing, and nothing is counted twice", `
			expect app
			at 1s: app healthy
			at 3s: app healthy streak=1 failed=3s
			at 4s: app healthy failed=3s
			at 4s: app healthy failed=3s
			at 3s: app healthy streak=1 failed=3s
			at 2s: app exited exit=1
			at 5s: app healthy failed=3s
			at 3s: app healthy streak=1 failed=3s
			verdict at 8s: waiting until 9s
			verdict at 9s: open`},
		{"C1: never healthy, refused as soon as it is decided", `
			expect app x2
			at 1s: app-1 healthy
			at 1s: app-2 starting
			at 3s: app-2 unhealthy streak=3 probe 22 curl: (22) The requested URL returned error: 500
			verdict at 3s: refused unhealthy(app-2)
			says curl: (22) The requested URL returned error: 500`},
		{"C2: healthy just before the deadline, and the window ends after it", `
			expect app
			deadline 10s
			at 9.9s: app healthy
			verdict at 10s: waiting until 14.9s
			verdict at 14.9s: open`},
		{"C3: flapping, by samples", `
			expect app retries=2
			at 1s: app healthy
			at 2s: app healthy streak=1 failed=2s probe 1 connection refused
			at 3s: app healthy failed=2s probe 0
			at 4s: app healthy streak=1 failed=4s probe 1 connection refused
			at 5s: app healthy failed=4s probe 0
			verdict at 5s: waiting until 10s
			at 6s: app healthy streak=1 failed=6s probe 1 connection reset
			verdict at 6s: refused flapping(app)
			says lost its health 3 times after having been good; the last probe exited with 1: connection reset`},
		{"C3: flapping between the samples", `
			expect app
			at 1s: app healthy
			at 3s: app healthy failed=2s
			at 5s: app healthy failed=4s
			verdict at 5s: waiting until 10s
			at 7s: app healthy failed=6s
			verdict at 7s: refused flapping(app)`},
		{"C3: flapping, of which the health log tells nothing", `
			expect app retries=2
			at 1s: app healthy
			at 2s: app unhealthy streak=1
			at 3s: app healthy
			at 4s: app starting
			at 5s: app healthy
			at 6s: app healthy streak=1
			verdict at 6s: refused flapping(app)
			says container "app" lost its health 3 times after having been good`},
		{"C4: exits 0", `
			expect app
			at 2s: app exited finished=1500ms
			verdict at 2s: refused exited(app)
			says exited with 0 after 1.5s: a long-running service ended`},
		{"C4: exits 3", `
			expect app
			at 2s: app exited exit=3 unhealthy streak=1 finished=250ms
			verdict at 2s: refused exited(app)
			says exited with 3 after 250ms`},
		{"C4: exits 137", `
			expect app
			at 2s: app exited exit=137
			verdict at 2s: refused exited(app)
			says exited with 137 (killed, SIGKILL)`},
		{"C4: out of memory", `
			expect app
			at 2s: app exited exit=137 oom
			verdict at 2s: refused oom-killed(app)
			says ran out of memory and was killed by the kernel; it exited with 137`},
		{"C4: out of memory, and the engine learns of it after the exit", `
			expect app
			at 2s: app exited exit=137
			at 2.1s: app exited exit=137 oom
			verdict at 3s: refused oom-killed(app)`},
		{"C4: out of memory in a child", `
			expect app
			at 2s: app healthy oom
			verdict at 2s: refused oom-killed(app)
			says one of its processes`},
		{"C4: out of memory comes before restarting", `
			expect app
			at 2s: app restarting exit=137 oom restarts=1
			verdict at 2s: refused oom-killed(app)`},
		{"C4: a one-shot exits 3", `
			expect migrate one-shot
			at 2s: migrate exited exit=3
			verdict at 2s: refused exited(migrate)
			says a one-shot passes by exit 0`},
		{"C4: a one-shot is killed for want of memory; a child of it may be", `
			expect migrate one-shot; seed one-shot
			at 2s: migrate oom
			at 2s: seed oom
			verdict at 2s: waiting until 1m0s
			at 3s: migrate exited exit=0 oom
			at 3s: seed exited exit=137 oom
			verdict at 3s: refused oom-killed(seed)`},
		{"C5: restart: always with a passing probe, seen in between", `
			expect app
			at 1s: app healthy
			at 4s: app restarting exit=1 unhealthy restarts=1
			verdict at 4s: refused restarting(app)
			says exited with 1 (restarts: 1), and the engine starts it again`},
		{"C5: a one-shot that is tried again", `
			expect migrate one-shot
			at 4s: migrate exited exit=0 restarts=1
			verdict at 4s: refused restarting(migrate)
			says give it no restart policy`},
		{"C6: no healthcheck, known from the model", `
			expect app no-probe; db
			verdict at 0s: refused no-healthcheck(app)
			says services:`},
		{"C6: no healthcheck, by policy", `
			expect app no-probe running-suffices
			at 1s: app running
			verdict at 5s: waiting until 6s
			verdict at 6s: open`},
		{"C6: what ends needs no healthcheck, nor does what is scaled to zero", `
			expect migrate one-shot no-probe; app x0 no-probe
			stable 0s
			at 1s: migrate exited
			verdict at 1s: open`},
		{"C6: by policy, but the image has a healthcheck after all", `
			expect app no-probe running-suffices
			at 1s: app starting
			verdict at 9s: waiting until 1m0s
			at 9s: app unhealthy streak=3
			verdict at 9s: refused unhealthy(app)`},
		{"C6: the policy is for services without a healthcheck, not for one that is not run", `
			expect app running-suffices
			at 1s: app none
			verdict at 9s: waiting until 1m0s
			verdict at 60s: refused timeout(app)
			says the engine runs no healthcheck in it`},
		{"C7: probe binary missing, behind a shell", `
			expect app
			at 3s: app unhealthy streak=3 probe 1 /bin/sh: curl: not found
			verdict at 3s: refused unhealthy(app)
			says the healthcheck's command does not exist in the image`},
		{"C8: probe hangs; what it had printed is not the reason", `
			expect app
			at 9s: app unhealthy streak=3 probe -1 Health check exceeded timeout (2s): connecting
			verdict at 9s: refused unhealthy(app)
			says the last probe did not end in time`},
		{"C10: long start_period, failing inside it, healthy after", `
			expect app start_period=50s
			at 10s: app starting failed=10s probe 1 warming up
			at 40s: app starting failed=40s probe 1 warming up
			at 51s: app starting streak=1 failed=51s probe 1 warming up
			verdict at 51s: waiting until 1m0s
			at 52s: app healthy failed=51s probe 0
			verdict at 57s: open`},
		{"C11: paused", `
			expect app; migrate one-shot
			at 1s: app paused healthy
			at 1s: migrate paused
			verdict at 1s: refused paused(app), paused(migrate)`},
		{"C14: one replica of three", `
			expect app x3
			at 1s: app-1 healthy
			at 1s: app-2 healthy
			at 2s: app-3 exited exit=1
			verdict at 2s: refused exited(app-3)`},
		{"C14: one service of two", `
			expect was; signal
			at 1s: was healthy
			at 4s: signal unhealthy streak=3
			verdict at 4s: refused unhealthy(signal)`},
		{"C14: a container more than expected is judged too", `
			expect app
			at 1s: app-1 healthy
			at 1s: app-2 starting
			verdict at 9s: waiting until 1m0s
			at 9s: app-2 unhealthy streak=3
			verdict at 9s: refused unhealthy(app-2)`},
		{"C19: a probe that prints terminal escapes and CI commands", `
			expect app
			at 3s: app unhealthy streak=3 probe 1 ` + "\x1b[2J\x1b[31mred\x1b[0m\x1b]0;title\x07 \x07bell ##[error]no ##vso[task]no" + `
			verdict at 3s: refused unhealthy(app)
			says exited with 1: red ?bell # #[error]no # #vso[task]no`},
		{"C20: removed by someone else while waiting", `
			expect app x2
			at 1s: app-1 healthy
			at 1s: app-2 starting
			at 2s: app-2 vanishes
			verdict at 2s: refused vanished(app-2)`},
		{"C20: removed, and a sample from before arrives late", `
			expect app
			at 2s: app vanishes
			at 1s: app healthy
			verdict at 2s: refused vanished(app)`},
		{"C20: being removed", `
			expect app
			at 2s: app removing unhealthy
			verdict at 2s: refused vanished(app)`},
		{"C20: a one-shot that has passed may be started again by hand", `
			expect migrate one-shot; app
			at 1s: migrate exited
			at 2s: app healthy
			at 3s: migrate running started=3s
			verdict at 7s: open`},
		{"C20: a one-shot that has passed may be removed", `
			expect migrate one-shot; app
			at 1s: migrate exited
			at 2s: migrate vanishes
			at 2s: app healthy
			verdict at 7s: open`},
		{"dead", `
			expect app
			at 2s: app dead exit=137
			verdict at 2s: refused exited(app)
			says is dead`},
		{"the engine could not start it", `
			expect app
			at 1s: app created error exec: "/app": permission denied
			verdict at 1s: refused exited(app)
			says could not be started: exec: "/app": permission denied`},
	})
}
