//go:build !linux

package overlay

import (
	"context"
	"errors"
	"io"
	"os/exec"
)

var errNotHere = errors.New("only Linux has mount namespaces")

// Command fails: there are no mount namespaces here.
func Command(context.Context, []string, string, []File, ...string) (*exec.Cmd, error) {
	return nil, errNotHere
}

// Main fails: there are no mount namespaces here.
func Main(io.Reader) error { return errNotHere }
