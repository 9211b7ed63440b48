package state

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
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

// processOf says whether a holder is (or was) a process that this one can see, and whether it lives.
func processOf(h model.Holder) (seen, lives bool) {
	if h.Machine == "" || h.Start == "" || h.Machine != machine() {
		return false, false
	}
	return proc.judge(h)
}

// procfs is where the kernel tells of processes.
type procfs string

const proc procfs = "/proc"

// judge tells a holder's process from a later one of its pid by the time at which it started. Of another user's process
// a /proc that is mounted with hidepid does not tell that: the kernel says no more than that some process has the pid,
// and that does not judge the holder.
func (p procfs) judge(h model.Holder) (seen, lives bool) {
	start, err := p.start(h.PID)
	if err != nil {
		return errors.Is(syscall.Kill(h.PID, 0), syscall.ESRCH), false
	}
	return true, h.Start == start
}

// machine tells a running system and a process namespace from every other: two containers on one host do not see each
// other's processes, and after a reboot none of the old ones lives. Empty where it cannot be told.
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

// start is the start time in the kernel's ticks, field 22 of /proc/PID/stat; the name in field 2 may hold spaces. It is
// empty for a process that has ended and for which nobody has waited: where PID 1 of a container is no init, as in many
// CI images, nobody ever does. An error says that the process is not there, or not to be seen.
func (p procfs) start(pid int) (string, error) {
	stat, err := os.ReadFile(filepath.Join(string(p), strconv.Itoa(pid), "stat"))
	if err != nil {
		return "", err
	}
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 20 {
		return "", fmt.Errorf("/proc/%d/stat has %d fields behind the name", pid, len(fields))
	}
	if bytes.ContainsAny(fields[0], "ZX") {
		return "", nil
	}
	return string(fields[19]), nil
}
