package engine

import (
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// isLocal says whether the process behind a socket is in the process namespace and the file system of this process. The
// kernel returns the listener's pid as this process would see it, or 0 if it cannot see it.
func isLocal(socket string) bool {
	conn, err := net.Dial("unix", socket)
	if err != nil {
		return false
	}
	defer conn.Close()
	raw, err := conn.(*net.UnixConn).SyscallConn()
	if err != nil {
		return false
	}
	var peer *syscall.Ucred
	if raw.Control(func(fd uintptr) {
		peer, err = syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	}) != nil || err != nil || peer.Pid == 0 {
		return false
	}
	theirs, err := os.Stat("/proc/" + strconv.Itoa(int(peer.Pid)) + "/root/")
	if os.IsPermission(err) {
		return true // it is root's, and this process is not root: the pid is visible, so the engine is not in another namespace
	}
	own, errOwn := os.Stat("/")
	return err == nil && errOwn == nil && os.SameFile(theirs, own)
}

// thisMachine returns what an engine on this machine says of it. A memory of 0 is no engine's.
func thisMachine() (m machine) {
	m.name, _ = os.Hostname()
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return m
	}
	for line := range strings.Lines(string(text)) {
		if words := strings.Fields(line); len(words) > 1 && words[0] == "MemTotal:" {
			kilobytes, _ := strconv.ParseInt(words[1], 10, 64)
			m.memory = kilobytes << 10
		}
	}
	return m
}
