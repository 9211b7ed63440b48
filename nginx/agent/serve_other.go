//go:build !linux

package agent

import (
	"errors"
	"io"
)

// Serve fails: an agent runs next to nginx, and nginx runs on Linux.
func Serve(io.Reader, io.Writer) error { return errors.New("the agent runs on Linux only") }
