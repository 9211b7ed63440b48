package logs

import (
	"context"

	"bluegate/cmd/bluegate/ui"
	"bluegate/compose"
	"bluegate/deploy/model"
)

// Reader reads the log of one container.
type Reader interface {
	// Logs calls each for every line, until the log ends, ctx does, or each returns an error.
	Logs(ctx context.Context, id string, o compose.LogOptions, each func(compose.LogLine) error) error
}

// Merge shows the logs of containers as one, in the order of time.
func Merge(ctx context.Context, reader Reader, containers []model.Container, o compose.LogOptions, out *ui.Logs) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	heads := make([]*head, len(containers))
	for i, c := range containers {
		heads[i] = newHead(ctx, reader, c, o)
	}
	for {
		var first *head
		for _, h := range heads {
			if h.peek() && (first == nil || h.line.At.Before(first.line.At)) {
				first = h
			}
		}
		if first == nil {
			break
		}
		if err := out.Line(first.container, ui.LogLine(first.line)); err != nil {
			return err
		}
		first.have = false
	}
	for _, h := range heads {
		if h.err != nil {
			return h.err
		}
	}
	return nil
}

// head is the next line of one container's log.
type head struct {
	container model.Container
	lines     chan compose.LogLine
	line      compose.LogLine
	have      bool
	err       error // set before lines is closed
}

func newHead(ctx context.Context, reader Reader, c model.Container, o compose.LogOptions) *head {
	h := &head{container: c, lines: make(chan compose.LogLine, 100)}
	go func() {
		defer close(h.lines)
		h.err = reader.Logs(ctx, c.ID, o, func(l compose.LogLine) error {
			select {
			case h.lines <- l:
				return nil
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		})
	}()
	return h
}

// peek says whether there is a line.
func (h *head) peek() bool {
	if !h.have {
		h.line, h.have = <-h.lines
	}
	return h.have
}
