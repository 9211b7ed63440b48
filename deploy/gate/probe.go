package gate

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// The engine has one word, "unhealthy", for an app that answers badly and for a healthcheck that could never have
// passed. Only the probe's output tells them apart, and whoever reads a refusal must be told: the one is looked for in
// the app, the other in the Compose file.
var (
	// noSuchCommand matches what the engine says when the command of an exec form is missing.
	noSuchCommand = regexp.MustCompile(`executable file not found|no such file or directory`)

	// shellNotFound matches what sh, ash, dash and bash say of a missing command. A healthcheck that ends in "|| exit 1"
	// hides their exit code 127.
	shellNotFound = regexp.MustCompile(`(?m)^\S*sh: (?:(?:line )?\d+: )?\S+: (?:command )?not found`)

	// shellGotList matches the same complaint about a JSON list. HEALTHCHECK CMD ["/app","check"] || exit 1 is no exec
	// form to BuildKit: a shell gets the list as it stands, and looks for a command of the name [/app,check].
	shellGotList = regexp.MustCompile(`(?m)^\S*sh: (?:.*: )?\[\S*[,\]]\S*: (?:command not found|not found|No such file or directory)`)
)

// words says how the probe went; nothing if there was none.
func (p *ProbeResult) words() string {
	if p == nil {
		return ""
	}
	output := clip(p.Output, maxOutput)
	said := ": " + printable(lastLine(output))
	if said == ": " {
		said = ""
	}
	switch {
	case p.ExitCode == 0:
		return "the last probe passed"
	case shellGotList.MatchString(output):
		return `the healthcheck hands a JSON list to a shell: write CMD ["…"] alone, without "|| exit 1" after it` + said
	case p.ExitCode == -1 && strings.Contains(output, "Health check exceeded timeout"):
		// What the probe had printed by then may follow, so the line that counts is the first.
		first, _, _ := strings.Cut(output, "\n")
		return "the last probe did not end in time: " + printable(first)
	case p.ExitCode == -1 && noSuchCommand.MatchString(output), p.ExitCode != -1 && shellNotFound.MatchString(output):
		return "the healthcheck's command does not exist in the image" + said
	case p.ExitCode == -1:
		return "the last probe could not be run" + said
	case said == "":
		return "the last probe exited with " + exitWords(p.ExitCode) + " and printed nothing"
	default:
		return "the last probe exited with " + exitWords(p.ExitCode) + said
	}
}

// complaint is what a probe that failed said, in one printable line; empty if it passed, or there was none.
func (p *ProbeResult) complaint() string {
	if p == nil || p.ExitCode == 0 {
		return ""
	}
	if said := printable(lastLine(clip(p.Output, maxOutput))); said != "" {
		return said
	}
	return "exit code " + exitWords(p.ExitCode)
}

// exitMeanings are the codes that the container's own process rarely chooses.
var exitMeanings = map[int]string{
	126: "the command is not executable",
	127: "the command was not found",
	134: "aborted, SIGABRT",
	137: "killed, SIGKILL",
	139: "segmentation fault, SIGSEGV",
	143: "ended by SIGTERM",
}

// exitWords gives an exit code with its meaning, where it has one.
func exitWords(code int) string {
	meaning, known := exitMeanings[code]
	switch {
	case known:
		return fmt.Sprintf("%d (%s)", code, meaning)
	case code > 128 && code <= 128+64:
		return fmt.Sprintf("%d (signal %d)", code, code-128)
	default:
		return strconv.Itoa(code)
	}
}
