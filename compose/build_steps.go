package compose

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"

	"bluegate/deploy/model"
	"bluegate/deploy/redact"
)

// buildSteps reads from a build's log how far the build is.
type buildSteps struct {
	image string
	tell  func(model.Transfer)
	rest  []byte // of a line that has not ended
	last  model.Transfer
}

// longestStep bounds what is kept of a line of the log.
const longestStep = 4096

// buildStep matches the line with which a builder begins a step: `Step 3/7 : RUN make` of the classic builder, and
// `#8 [build 3/7] RUN make` of BuildKit.
var buildStep = regexp.MustCompile(`^(?:Step (\d+)/(\d+) : |#\d+ \[(?:[^\]\s]+ )?(\d+)/(\d+)\] )(.*)$`)

func (b *buildSteps) begin() { b.send(model.Transfer{Words: "starting"}) }
func (b *buildSteps) end() {
	b.send(model.Transfer{Done: b.last.Total, Total: b.last.Total, Ended: true})
}

func (b *buildSteps) send(t model.Transfer) {
	t.Image, t.Build = b.image, true
	if t != b.last {
		b.last = t
		b.tell(t)
	}
}

// write takes a piece of the log.
func (b *buildSteps) write(p []byte) {
	b.rest = append(b.rest, p...)
	for {
		line, rest, ended := bytes.Cut(b.rest, []byte("\n"))
		if !ended {
			break
		}
		b.line(string(line))
		b.rest = rest
	}
	if len(b.rest) > longestStep { // no line of a builder
		b.rest = b.rest[:0]
	}
}

// line takes one line. BuildKit repeats the line of a step when it ends, and runs steps next to each other: the highest
// number is shown.
func (b *buildSteps) line(text string) {
	m := buildStep.FindStringSubmatch(strings.TrimRight(text, "\r"))
	if m == nil {
		return
	}
	done, _ := strconv.ParseInt(m[1]+m[3], 10, 64)
	total, _ := strconv.ParseInt(m[2]+m[4], 10, 64)
	if total != b.last.Total || done >= b.last.Done {
		b.send(model.Transfer{Done: done, Total: total, Words: redact.Sanitize(m[5])})
	}
}
