package agent

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Proc is where the kernel shows processes.
const Proc = "/proc"

// ticks is how many units of a process's times in /proc make a second: a part of the kernel's interface to programs.
const ticks = 100

// Processes reads every process that bears one of nginx's titles. One that ends meanwhile is none.
func Processes() ([]Process, error) {
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
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, errEnded) || err == nil && !strings.HasPrefix(p.Title, "nginx: ") {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("look at process %d: %w", pid, err)
		}
		all = append(all, p)
	}
	return all, nil
}

var errEnded = errors.New("it has ended")

func ProcessOf(pid int, up time.Duration) (Process, error) {
	dir := filepath.Join(Proc, strconv.Itoa(pid))
	title, err := os.ReadFile(dir + "/cmdline")
	if err != nil {
		return Process{}, ended(err)
	}
	// nginx writes its title over its arguments and ends it with a zero.
	title, _, _ = bytes.Cut(title, []byte{0})
	if !bytes.HasPrefix(title, []byte("nginx: ")) {
		return Process{}, nil
	}
	stat, err := os.ReadFile(dir + "/stat")
	if err != nil {
		return Process{}, ended(err)
	}
	// The name stands in brackets and may hold spaces.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 20 {
		return Process{}, fmt.Errorf("%s/stat has %d fields", dir, len(fields))
	}
	ppid, err1 := strconv.Atoi(fields[1])
	start, err2 := strconv.ParseInt(fields[19], 10, 64)
	if err := errors.Join(err1, err2); err != nil {
		return Process{}, err
	}
	p := Process{PID: pid, PPID: ppid, Title: strings.TrimSpace(string(title))}
	p.Age = up - time.Duration(start)*time.Second/ticks
	where, _ := os.ReadFile(dir + "/wchan") // of a process that one may not look into, nothing
	p.SetWaitChannel(string(where))
	return p, nil
}

// ended tells a process that went away from one that cannot be looked at.
func ended(err error) error {
	if errors.Is(err, fs.ErrNotExist) || strings.Contains(err.Error(), "no such process") {
		return errEnded
	}
	return err
}

func Uptime() (time.Duration, error) {
	text, err := os.ReadFile(Proc + "/uptime")
	if err != nil {
		return 0, err
	}
	seconds, err := strconv.ParseFloat(strings.Fields(string(text))[0], 64)
	return time.Duration(seconds * float64(time.Second)), err
}
