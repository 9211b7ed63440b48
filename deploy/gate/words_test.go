package gate_test

import (
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"bluegate/deploy/gate"
)

// unhealthy is the message and the evidence of a container whose last probe gave this.
func unhealthy(exit int, output string) gate.Reason {
	g := gate.New([]gate.Expected{{Service: "app", Replicas: 1, Probe: &gate.Probe{}}}, 0, epoch.Add(time.Minute))
	g.Observe(gate.Sample{
		At: epoch, ID: "1", Name: "shop-app-1", Service: "app", StartedAt: epoch,
		State: gate.StateRunning, Health: gate.HealthUnhealthy, FailingStreak: 3,
		LastProbe: &gate.ProbeResult{ExitCode: exit, Output: output},
	})
	return g.Verdict(epoch).Reasons[0]
}

// TestProbeWords tells an app that answers badly from a healthcheck that could never pass.
func TestProbeWords(t *testing.T) {
	const (
		missing = "the healthcheck's command does not exist in the image: "
		list    = `the healthcheck hands a JSON list to a shell: write CMD ["…"] alone, without "|| exit 1" after it: `
	)
	for _, test := range []struct {
		name   string
		exit   int
		output string
		want   string
	}{
		{"exec form, not on the path", -1, `exec: "curl": executable file not found in $PATH`, missing + `exec: "curl": executable file not found in $PATH`},
		{"exec form, no such path", -1, `exec: "/bin/probe": stat /bin/probe: no such file or directory`, missing + `exec: "/bin/probe": stat /bin/probe: no such file or directory`},
		{"ash", 127, "/bin/sh: curl: not found\n", missing + "/bin/sh: curl: not found"},
		{"dash, with || exit 1", 1, "/bin/sh: 1: curl: not found\n", missing + "/bin/sh: 1: curl: not found"},
		{"bash", 127, "bash: line 1: curl: command not found", missing + "bash: line 1: curl: command not found"},
		{"list in ash", 1, "/bin/sh: [/app,check]: not found", list + "/bin/sh: [/app,check]: not found"},
		{"list in dash, with blanks in it", 1, "/bin/sh: 1: [curl,: not found", list + "/bin/sh: 1: [curl,: not found"},
		{"list in bash, with a path in it", 1, "bash: line 1: [/app,check]: No such file or directory", list + "bash: line 1: [/app,check]: No such file or directory"},
		{"a page that is not found is an answer of the app", 1, "404: not found", "the last probe exited with 1: 404: not found"},
		{"so is a file", 1, "cat: /run/ready: No such file or directory", "the last probe exited with 1: cat: /run/ready: No such file or directory"},
		{"a test in a shell that fails", 2, "sh: [: 200,: unexpected operator", "the last probe exited with 2: sh: [: 200,: unexpected operator"},
		{"over its timeout", -1, "Health check exceeded timeout (1s)", "the last probe did not end in time: Health check exceeded timeout (1s)"},
		{"over its timeout, talkative", -1, "Health check exceeded timeout (1s): connecting\nstill connecting", "the last probe did not end in time: Health check exceeded timeout (1s): connecting"},
		{"could not be run", -1, "cannot exec in a stopped state", "the last probe could not be run: cannot exec in a stopped state"},
		{"a pass that came after", 0, "ok", "the last probe passed"},
		{"silent", 1, " \n", "the last probe exited with 1 and printed nothing"},
		{"the last line is where a program says why", 1, "Traceback:\n  File …\nOSError: refused\n\n", "the last probe exited with 1: OSError: refused"},
		{"curl overwrites its progress", 7, "  % Total\r  0 0\rcurl: (7) refused\r\n", "the last probe exited with 7: curl: (7) refused"},
		{"not executable", 126, "", "the last probe exited with 126 (the command is not executable) and printed nothing"},
		{"segmentation fault", 139, "", "the last probe exited with 139 (segmentation fault, SIGSEGV) and printed nothing"},
		{"another signal", 135, "", "the last probe exited with 135 (signal 7) and printed nothing"},
		{"no signal", 255, "", "the last probe exited with 255 and printed nothing"},
	} {
		t.Run(test.name, func(t *testing.T) {
			const prefix = `container "shop-app-1" is unhealthy: 3 of 3 probes failed in a row; `
			if got := unhealthy(test.exit, test.output).Message; got != prefix+test.want {
				t.Errorf("got  %s\nwant %s", got, prefix+test.want)
			}
		})
	}
}

// TestEvidence: C19. A reason carries the output raw, but no more of it than Docker itself would keep.
func TestEvidence(t *testing.T) {
	r := unhealthy(1, strings.Repeat("ü", 5<<20))
	if n := len(r.LastProbe.Output); n != 4096 {
		t.Errorf("evidence of %d bytes, want 4096", n)
	}
	if n := len(r.Message); n > 500 {
		t.Errorf("message of %d bytes", n)
	}
	if !strings.HasSuffix(r.Message, "ü…") {
		t.Errorf("a cut that does not show: %q", r.Message[len(r.Message)-20:])
	}
	if r.ExitCode != nil {
		t.Errorf("exit code %d of a container that runs", *r.ExitCode)
	}

	exited := play(t, `
		expect app
		at 1s: app exited exit=137 oom probe 1 no
		verdict at 1s: refused oom-killed(app)`).Reasons[0]
	if exited.ExitCode == nil || *exited.ExitCode != 137 || !exited.OOMKilled || exited.LastProbe.Output != "no" ||
		exited.Service != "app" || exited.ID != "id of app" {
		t.Errorf("evidence is missing: %+v", exited)
	}

	flapping := play(t, `
		expect app
		at 1s: app healthy
		at 2s: app healthy streak=1 failed=2s probe 1 no
		at 3s: app healthy failed=2s probe 0
		at 5s: app healthy failed=4s probe 0
		at 7s: app healthy failed=6s probe 0
		verdict at 7s: refused flapping(app)`).Reasons[0]
	if flapping.LastProbe == nil || flapping.LastProbe.Output != "no" {
		t.Errorf("the probe that took its health is missing: %+v", flapping.LastProbe)
	}
}

// TestMessagesAreHarmless: whatever a container writes, the message is one printable line of bounded length.
func TestMessagesAreHarmless(t *testing.T) {
	piece := rapid.OneOf(
		rapid.String(),
		rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
		rapid.SampledFrom([]string{"\x1b[31m", "\x1b]0;", "\x07", "\u009b2J", "\u202e", "\u2028", "##[", "##vso[", "##\x1b[m[", "\r\n"}),
	)
	rapid.Check(t, func(t *rapid.T) {
		output := strings.Join(rapid.SliceOf(piece).Draw(t, "output"), "")
		exit := rapid.SampledFrom([]int{-1, 1, 127}).Draw(t, "exit")
		message := unhealthy(exit, output).Message
		if len(message) > 500 || !utf8.ValidString(message) {
			t.Fatalf("message of %d bytes: %q", len(message), message)
		}
		if i := strings.IndexFunc(message, func(r rune) bool { return !unicode.IsPrint(r) }); i >= 0 {
			t.Fatalf("byte %d is not printable: %q", i, message)
		}
		if strings.Contains(message, "##[") || strings.Contains(message, "##vso[") {
			t.Fatalf("a CI system would obey: %q", message)
		}
	})
}
