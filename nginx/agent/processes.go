//go:build linux

package agent

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Proc is where the kernel shows processes.
const Proc = "/proc"

// ticks is how many units of a process's times in /proc make a second: a part of the kernel's interface to programs.
const ticks = 100

// Processes reads every process of nginx's in a scope. One that ends meanwhile is none.
func Processes(scope Scope) ([]Process, error) {
	entries, err := os.ReadDir(Proc)
	if err != nil {
		return nil, fmt.Errorf("list the processes of this machine: %w", err)
	}
	up, err := Uptime()
	if err != nil {
		return nil, fmt.Errorf("list the processes of this machine: %w", err)
	}
	var all []Process
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		p, err := ProcessOf(pid, up)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, errEnded) || err == nil && p.Title == "" {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("look at process %d: %w", pid, err)
		}
		if scope.Under == 0 || descends(pid, scope.Under) {
			all = append(all, p)
		}
	}
	return ofMaster(all, scope.Title)
}

// ofMaster leaves the one master of this title, and its children. Without a title all are left.
func ofMaster(all []Process, title string) ([]Process, error) {
	if title == "" {
		return all, nil
	}
	masters := slices.DeleteFunc(slices.Clone(all), func(p Process) bool { return p.Title != title })
	masters = slices.DeleteFunc(masters, func(p Process) bool {
		return slices.ContainsFunc(masters, func(o Process) bool { return o.PID == p.PPID })
	})
	if len(masters) > 1 {
		return nil, fmt.Errorf("%d nginx masters of this PID namespace are called %q, and they cannot be told apart", len(masters), title)
	}
	return slices.DeleteFunc(all, func(p Process) bool {
		return len(masters) == 0 || p.PID != masters[0].PID && p.PPID != masters[0].PID
	}), nil
}

// descends says whether a process is another one, or was started below it.
func descends(pid, under int) bool {
	for range 64 {
		if pid == under {
			return true
		}
		fields, err := statOf(pid)
		if err != nil {
			return false
		}
		if pid, err = strconv.Atoi(fields[1]); err != nil || pid == 0 {
			return false
		}
	}
	return false
}

var errEnded = errors.New("it has ended")

// ProcessOf reads one process; without a title it is none of nginx's. up is Uptime at this moment.
func ProcessOf(pid int, up time.Duration) (Process, error) {
	dir := filepath.Join(Proc, strconv.Itoa(pid))
	text, err := os.ReadFile(dir + "/cmdline")
	if err != nil {
		return Process{}, ended(err)
	}
	// nginx writes its title over its arguments and ends it with a zero.
	text, _, _ = bytes.Cut(text, []byte{0})
	title, ok := normalTitle(strings.TrimSpace(string(text)))
	if !ok {
		return Process{}, nil
	}
	fields, err := statOf(pid)
	if err != nil {
		return Process{}, err
	}
	ppid, err1 := strconv.Atoi(fields[1])
	start, err2 := strconv.ParseInt(fields[19], 10, 64)
	if err := errors.Join(err1, err2); err != nil {
		return Process{}, err
	}
	p := Process{PID: pid, PPID: ppid, Started: start, Title: title}
	p.Age = up - time.Duration(start)*time.Second/ticks
	where, _ := os.ReadFile(dir + "/wchan") // of a process that one may not look into, nothing
	p.SetWaitChannel(string(where))
	return p, nil
}

// statOf is what /proc/PID/stat says after the process's name, which stands in brackets and may hold spaces.
func statOf(pid int) ([]string, error) {
	name := filepath.Join(Proc, strconv.Itoa(pid), "stat")
	stat, err := os.ReadFile(name)
	if err != nil {
		return nil, ended(err)
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 20 {
		return nil, fmt.Errorf("%s has %d fields", name, len(fields))
	}
	return fields, nil
}

// Reload tells a master to load its configuration. The process was looked at a moment ago, and is looked at again: its
// id may be another's by now. That Reload returns proves nothing.
func Reload(master Process) error {
	up, err := Uptime()
	if err != nil {
		return err
	}
	now, err := ProcessOf(master.PID, up)
	if err != nil || now.ID() != master.ID() {
		return fmt.Errorf("it ended a moment ago (process %d)", master.PID)
	}
	if err := syscall.Kill(master.PID, syscall.SIGHUP); err != nil {
		return fmt.Errorf("it cannot be told to reload (process %d): %w", master.PID, err)
	}
	return nil
}

// ended tells a process that went away from one that cannot be looked at.
func ended(err error) error {
	if errors.Is(err, fs.ErrNotExist) || strings.Contains(err.Error(), "no such process") {
		return errEnded
	}
	return err
}

// Uptime is how long the kernel runs, by the clock of the start times of its processes. /proc/uptime may be another
// machine's in a container of LXC.
func Uptime() (time.Duration, error) {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &now); err != nil {
		return 0, err
	}
	return time.Duration(now.Nano()), nil
}
