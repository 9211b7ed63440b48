package compose

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	timetypes "github.com/docker/docker/api/types/time"
	"github.com/docker/docker/pkg/stdcopy"

	"bluegate/compose/engine"
	"bluegate/deploy/model"
)

// LogLine is one line of a container's log, as the container wrote it.
type LogLine struct {
	At     time.Time // by the engine's clock
	Stream string    // stdout, stderr
	Text   string
}

// LogOptions choose the lines of a log.
type LogOptions struct {
	Tail   string // how many of the last lines, or all
	Since  string // a duration or a time, as the docker command reads it; empty: from the beginning
	Follow bool   // continue until the container ends
}

// Check returns a *model.InvalidError if a value cannot be used.
func (o LogOptions) Check() error {
	if _, err := timetypes.GetTimestamp(o.Since, time.Now()); o.Since != "" && err != nil {
		return model.Invalid("invalid --since %q: write how long ago, such as 10m or 2h30m, or a time, such as 2026-11-20T11:45:00Z", o.Since)
	}
	return nil
}

// longestLine is where a line is cut in two. The engine cuts at 16 KiB.
const longestLine = 64 << 10

// Logs calls each for every line of a container's log, in their order, until the log ends or ctx does. A container that
// is gone has no lines. An error of each ends it.
func (s *Stack) Logs(ctx context.Context, id string, o LogOptions, each func(LogLine) error) error {
	ask, cancel := engine.Asking(ctx)
	info, err := s.engine.ContainerInspect(ask, id)
	cancel()
	if err == nil {
		var stream io.ReadCloser
		if stream, err = s.engine.ContainerLogs(ctx, id, container.LogsOptions{ShowStdout: true, ShowStderr: true, Timestamps: true, Tail: o.Tail, Since: o.Since, Follow: o.Follow}); err == nil {
			defer stream.Close()
			return ReadLog(ctx, stream, info.Config.Tty, each)
		}
	}
	if errdefs.IsNotFound(err) {
		return nil
	}
	return s.engine.Unreachable(fmt.Errorf("read the log of container %.12s: %w", id, err))
}

// ReadLog calls each for every line of a log, as the engine sends it with times, until the stream ends. The log of a TTY is
// one stream without headers.
func ReadLog(ctx context.Context, stream io.Reader, tty bool, each func(LogLine) error) error {
	out, errs := &logWriter{stream: "stdout", each: each}, &logWriter{stream: "stderr", each: each}
	var err error
	if tty {
		_, err = io.Copy(out, stream)
	} else {
		_, err = stdcopy.StdCopy(out, errs, stream)
	}
	for _, w := range []*logWriter{out, errs} {
		if w.failed != nil {
			return w.failed
		}
		if err := w.flush(); err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// logWriter makes lines of what is written.
type logWriter struct {
	stream string
	each   func(LogLine) error
	rest   []byte
	failed error // of each
}

func (w *logWriter) Write(p []byte) (int, error) {
	w.rest = append(w.rest, p...)
	for {
		end, next := bytes.IndexByte(w.rest, '\n'), 1
		if end < 0 && len(w.rest) < longestLine {
			return len(p), nil
		}
		if end < 0 {
			end, next = len(w.rest), 0
		}
		if w.failed = w.each(lineOf(w.stream, w.rest[:end])); w.failed != nil {
			return 0, w.failed
		}
		w.rest = append(w.rest[:0], w.rest[end+next:]...)
	}
}

// flush passes on a last line that does not end.
func (w *logWriter) flush() error {
	if len(w.rest) == 0 {
		return nil
	}
	return w.each(lineOf(w.stream, w.rest))
}

// lineOf takes the engine's time from the head of a line.
func lineOf(stream string, text []byte) LogLine {
	head, rest, _ := bytes.Cut(text, []byte(" "))
	if at, err := time.Parse(time.RFC3339Nano, string(head)); err == nil {
		return LogLine{at, stream, string(bytes.TrimRight(rest, "\r"))}
	}
	return LogLine{time.Time{}, stream, string(bytes.TrimRight(text, "\r"))}
}
