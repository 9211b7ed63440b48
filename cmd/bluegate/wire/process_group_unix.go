//go:build unix

package wire

import "syscall"

// ownGroup starts a command in a process group of its own.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// killGroup kills the processes of the group that a command was started in.
func killGroup(pid int) error { return syscall.Kill(-pid, syscall.SIGKILL) }
