//go:build unix

package main

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// ownGroup starts a command in a process group of its own.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// killGroup kills the processes of the group that a command was started in.
func killGroup(pid int) error { return syscall.Kill(-pid, syscall.SIGKILL) }

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
