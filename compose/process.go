package compose

import (
	"bytes"
	"errors"
	"os"
	"os/user"
	"strconv"
	"strings"
	"syscall"
	"time"

	"bluegate/deploy"
)

// Self describes this process as the holder of a lock.
func Self(command, release string) deploy.Holder {
	h := deploy.Holder{Command: command, Release: release, PID: os.Getpid(), Machine: machine(), Start: processStart(os.Getpid()), Since: time.Now()}
	h.Host, _ = os.Hostname()
	if u, err := user.Current(); err == nil {
		h.User = u.Username
	} else {
		h.User = "uid " + strconv.Itoa(os.Getuid())
	}
	return h
}

// processOf says whether a holder is (or was) a process that this one could see, and whether it lives.
func processOf(h deploy.Holder) (same, lives bool) {
	if h.Machine == "" || h.Machine != machine() {
		return false, false
	}
	err := syscall.Kill(h.PID, 0)
	if err != nil && !errors.Is(err, syscall.EPERM) {
		return true, false
	}
	return true, h.Start == processStart(h.PID)
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

// processStart is the start time in the kernel's ticks, field 22 of /proc/PID/stat; the name in field 2 may hold spaces.
// It is empty for a process that has ended, also while nobody has waited for it: where PID 1 of a container is no init,
// as in many CI images, nobody ever does.
func processStart(pid int) string {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return ""
	}
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 20 || bytes.ContainsAny(fields[0], "ZX") {
		return ""
	}
	return string(fields[19])
}
