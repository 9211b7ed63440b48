//go:build unix

package main

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// signalName returns a name such as SIGINT.
func signalName(s syscall.Signal) string { return unix.SignalName(s) }

// atTerminal says whether the process has a terminal at which a person can press a key.
func atTerminal() bool {
	tty, err := unix.Open("/dev/tty", unix.O_RDONLY|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return false
	}
	_ = unix.Close(tty)
	return true
}
