package main

import (
	"os"
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

// signalName returns a name such as SIGINT, for the signals that Windows has.
func signalName(s syscall.Signal) string {
	switch s {
	case syscall.SIGINT:
		return "SIGINT"
	case syscall.SIGTERM:
		return "SIGTERM"
	}
	return s.String()
}

// atTerminal says whether the process has a console at which a person can press a key.
func atTerminal() bool {
	console, err := os.OpenFile("CONIN$", os.O_RDWR, 0)
	if err != nil {
		return false
	}
	_ = console.Close()
	return true
}
