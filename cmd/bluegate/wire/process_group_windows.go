package wire

import (
	"os/exec"
	"strconv"
	"syscall"
)

// ownGroup starts a command in a process group of its own: Ctrl-C at the console does not reach it.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

// killGroup kills a process and everything that it started. If the process has ended, Windows no longer knows what it
// started, and an error is returned.
func killGroup(pid int) error {
	return exec.Command("taskkill", "/T", "/F", "/PID", strconv.Itoa(pid)).Run()
}
