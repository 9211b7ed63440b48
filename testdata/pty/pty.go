// Package pty gives a test a terminal that it can type at and close.
package pty

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// Attach makes cmd, which is not started yet, the leader of a session whose terminal is a new one. The terminal is its
// standard input; line is for its other streams, and is closed once cmd has started. Closing the terminal hangs it up.
func Attach(cmd *exec.Cmd) (terminal, line *os.File, err error) {
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("open a terminal: %w", err)
	}
	terminal = os.NewFile(uintptr(fd), "terminal") // not blocking: a read of it must not hold up its closing
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		return nil, nil, fmt.Errorf("unlock the terminal: %w", err)
	}
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		return nil, nil, fmt.Errorf("find the terminal's number: %w", err)
	}
	if line, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0); err != nil {
		return nil, nil, err
	}
	cmd.Stdin = line
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	return terminal, line, nil
}

// Start starts cmd with a new terminal for all of its streams, as Attach does.
func Start(cmd *exec.Cmd) (terminal *os.File, err error) {
	terminal, line, err := Attach(cmd)
	if err != nil {
		return nil, err
	}
	defer line.Close()
	cmd.Stdout, cmd.Stderr = line, line
	if err := cmd.Start(); err != nil {
		_ = terminal.Close()
		return nil, err
	}
	return terminal, nil
}
