package compose

import (
	"context"
	"fmt"
	"io"
	"strconv"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/pkg/stdcopy"

	"bluegate/compose/engine"
	"bluegate/deploy/redact"
)

// logSize is how much of a log is kept: a line can have any length, and the last lines say why.
const logSize = 64 << 10

// LogTail implements model.Stack.
func (s *Stack) LogTail(ctx context.Context, id string, lines int) ([]string, error) {
	ctx, cancel := engine.Asking(ctx)
	defer cancel()
	out, err := s.logTail(ctx, id, lines)
	if err != nil {
		return nil, s.engine.Unreachable(fmt.Errorf("read the log of container %.12s: %w", id, err))
	}
	return out, nil
}

func (s *Stack) logTail(ctx context.Context, id string, lines int) ([]string, error) {
	info, err := s.engine.ContainerInspect(ctx, id)
	if err != nil {
		return nil, err
	}
	stream, err := s.engine.ContainerLogs(ctx, id, container.LogsOptions{ShowStdout: true, ShowStderr: true, Tail: strconv.Itoa(lines)})
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	return LastLines(stream, info.Config.Tty)
}

// LastLines are the last lines of a log that are not empty, safe to print on a terminal. An error of the stream is returned
// where nothing came before it.
func LastLines(stream io.Reader, tty bool) ([]string, error) {
	tail := &redact.Tail{Size: logSize}
	var err error
	if tty { // the log of a TTY is one stream without headers
		_, err = io.Copy(tail, stream)
	} else {
		_, err = stdcopy.StdCopy(tail, tail, stream)
	}
	if text := tail.Bytes(); len(text) > 0 {
		return redact.Lines(text), nil
	}
	return nil, err
}
