package main

import (
	"os"
	"syscall"
)

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
