package state

import (
	"bytes"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"bluegate/deploy/model"
)

// Self describes this process as the holder of a lock.
func Self(command, release string) model.Holder {
	h := model.Holder{Command: command, Release: release, PID: os.Getpid(), Machine: machine(), Since: time.Now()}
	h.Start, _ = proc.start(h.PID)
	h.Host, _ = os.Hostname()
	if u, err := user.Current(); err == nil {
		h.User = u.Username
	} else {
		h.User = "uid " + strconv.Itoa(os.Getuid())
	}
	return h
}

// processOf says whether a holder is or was a process that this process can see, and whether it is alive.
func processOf(h model.Holder) (seen, lives bool) {
	if h.Machine == "" || h.Start == "" || h.Machine != machine() {
		return false, false
	}
	return proc.judge(h)
}

// procfs is the path of the kernel's process information.
type procfs string

const proc procfs = "/proc"

// judge tells the process of a holder from a later one with the same pid by its start time. If /proc is mounted with
// hidepid, the start time of another user's process is not visible: then the kernel only says that a process has the
// pid, which decides nothing.
func (p procfs) judge(h model.Holder) (seen, lives bool) {
	start, err := p.start(h.PID)
	if err != nil {
		return noProcess(h.PID), false
	}
	return true, h.Start == start
}

// machine identifies a running system and a process namespace: two containers on one host do not see each other's
// processes, and after a reboot no earlier process is alive. It is empty if it cannot be determined.
func machine() string {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	namespace, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(boot)) + " " + namespace
}

// start returns the start time in the kernel's ticks: field 22 of /proc/PID/stat; the name in field 2 may contain
// spaces. It is empty for a process that has ended and was not reaped, as in containers whose PID 1 is not an init. An
// error means that the process does not exist or is not visible.
func (p procfs) start(pid int) (string, error) {
	stat, err := os.ReadFile(filepath.Join(string(p), strconv.Itoa(pid), "stat"))
	if err != nil {
		return "", err
	}
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 20 {
		return "", fmt.Errorf("/proc/%d/stat has %d fields after the name", pid, len(fields))
	}
	if bytes.ContainsAny(fields[0], "ZX") {
		return "", nil
	}
	return string(fields[19]), nil
}
