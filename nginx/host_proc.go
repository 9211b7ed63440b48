package nginx

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// proc is where the kernel shows processes.
const proc = "/proc"

// ticks is how many units of a process's times in /proc make a second: a part of the kernel's interface to programs.
const ticks = 100

// processesOf reads every process that bears one of nginx's titles. One that ends meanwhile is none.
func processesOf() ([]process, error) {
	entries, err := os.ReadDir(proc)
	if err != nil {
		return nil, fmt.Errorf("list the processes of this machine: %w", err)
	}
	up, err := uptime()
	if err != nil {
		return nil, fmt.Errorf("list the processes of this machine: %w", err)
	}
	var all []process
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		p, err := processOf(pid, up)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, errEnded) || err == nil && !strings.HasPrefix(p.title, "nginx: ") {
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

func processOf(pid int, up time.Duration) (process, error) {
	dir := filepath.Join(proc, strconv.Itoa(pid))
	title, err := os.ReadFile(dir + "/cmdline")
	if err != nil {
		return process{}, ended(err)
	}
	// nginx writes its title over its arguments and ends it with a zero.
	title, _, _ = bytes.Cut(title, []byte{0})
	if !bytes.HasPrefix(title, []byte("nginx: ")) {
		return process{}, nil
	}
	stat, err := os.ReadFile(dir + "/stat")
	if err != nil {
		return process{}, ended(err)
	}
	// The name stands in brackets and may hold spaces.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 20 {
		return process{}, fmt.Errorf("%s/stat has %d fields", dir, len(fields))
	}
	ppid, err1 := strconv.Atoi(fields[1])
	start, err2 := strconv.ParseInt(fields[19], 10, 64)
	if err := errors.Join(err1, err2); err != nil {
		return process{}, err
	}
	p := process{pid: pid, ppid: ppid, title: strings.TrimSpace(string(title))}
	p.age = up - time.Duration(start)*time.Second/ticks
	where, _ := os.ReadFile(dir + "/wchan") // of a process that one may not look into, nothing
	p.asleepIn(string(where))
	return p, nil
}

// unitOf is systemd's service to which a process belongs, if it belongs to one.
func unitOf(pid int) string {
	groups, err := os.ReadFile(filepath.Join(proc, strconv.Itoa(pid), "cgroup"))
	if err != nil {
		return ""
	}
	return unitIn(string(groups))
}

// unitIn reads lines such as "0::/system.slice/nginx.service".
func unitIn(groups string) string {
	for line := range strings.Lines(groups) {
		unit := path.Base(strings.TrimSpace(line))
		if strings.HasSuffix(unit, ".service") && strings.Contains(line, ":/system.slice/") {
			return unit
		}
	}
	return ""
}

// ended tells a process that went away from one that cannot be looked at.
func ended(err error) error {
	if errors.Is(err, fs.ErrNotExist) || strings.Contains(err.Error(), "no such process") {
		return errEnded
	}
	return err
}

func uptime() (time.Duration, error) {
	text, err := os.ReadFile(proc + "/uptime")
	if err != nil {
		return 0, err
	}
	seconds, err := strconv.ParseFloat(strings.Fields(string(text))[0], 64)
	return time.Duration(seconds * float64(time.Second)), err
}

// processes implements place. A master that was restarted is found again by its configuration.
func (h *hosted) processes(ctx context.Context) (snapshot, error) {
	all, err := processesOf()
	if err != nil {
		return snapshot{}, err
	}
	if !slices.ContainsFunc(all, h.isMaster) {
		again, err := hostedMasters(ctx, h.opts, all)
		if err != nil {
			return snapshot{}, err
		}
		at := slices.IndexFunc(again, func(o *hosted) bool { return o.main == h.main })
		if at < 0 {
			return snapshot{}, errNoMaster
		}
		h.master, h.exe, h.flags = again[at].master, again[at].exe, again[at].flags
	}
	return sortOut(slices.DeleteFunc(all, func(p process) bool { return p.pid != h.master.pid && p.ppid != h.master.pid }))
}

// isMaster says whether a process is the master that was found: a pid may come again.
func (h *hosted) isMaster(p process) bool {
	return p.pid == h.master.pid && strings.HasPrefix(p.title, masterTitle)
}

// stillThere implements place.
func (h *hosted) stillThere(ctx context.Context) bool {
	_, err := h.processes(ctx)
	return !errors.Is(err, errNoMaster)
}
