package compose

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/pkg/stdcopy"

	"bluegate/compose/engine"
	"bluegate/deploy/redact"
)

// LogTail implements model.Stack.
func (s *Stack) LogTail(ctx context.Context, id string, lines int) ([]string, error) {
	ctx, cancel := engine.Asking(ctx)
	defer cancel()
	text, err := s.logTail(ctx, id, lines)
	if err != nil {
		return nil, s.engine.Unreachable(fmt.Errorf("read the log of container %.12s: %w", id, err))
	}
	return sanitizedLines(text), nil
}

// sanitizedLines returns the lines that are not empty, safe to print on a terminal.
func sanitizedLines(text []byte) (out []string) {
	for line := range strings.Lines(string(text)) {
		if line = redact.Sanitize(strings.TrimSpace(line)); line != "" {
			out = append(out, line)
		}
	}
	return out
}

func (s *Stack) logTail(ctx context.Context, id string, lines int) ([]byte, error) {
	info, err := s.engine.ContainerInspect(ctx, id)
	if err != nil {
		return nil, err
	}
	stream, err := s.engine.ContainerLogs(ctx, id, container.LogsOptions{ShowStdout: true, ShowStderr: true, Tail: strconv.Itoa(lines)})
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	tail := &tailBuffer{most: 64 << 10}
	if info.Config.Tty { // the log of a TTY is one stream without headers
		_, err = io.Copy(tail, stream)
	} else {
		_, err = stdcopy.StdCopy(tail, tail, stream)
	}
	if len(tail.text) > 0 {
		return tail.text, nil
	}
	return nil, err
}

// tailBuffer keeps the end of what is written: a log line can have any length, and the last lines say why.
type tailBuffer struct {
	mu   sync.Mutex
	text []byte
	most int
}

func (w *tailBuffer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text = append(w.text, p...)
	if over := len(w.text) - w.most; over > 0 {
		w.text = append(w.text[:0], w.text[over:]...)
	}
	return len(p), nil
}

func (w *tailBuffer) bytes() []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	return bytes.Clone(w.text)
}

// lines returns the last lines of what was written.
func (w *tailBuffer) lines(most int) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := sanitizedLines(w.text)
	return all[max(0, len(all)-most):]
}
