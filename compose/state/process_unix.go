//go:build unix

package state

import (
	"errors"
	"syscall"
)

// noProcess says that no process has this pid.
func noProcess(pid int) bool { return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) }
