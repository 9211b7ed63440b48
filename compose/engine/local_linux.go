package engine

import (
	"net"
	"os"
	"strconv"
	"syscall"
)

// isLocal says whether the process behind a socket lives in our own process namespace and file system. The kernel
// gives the pid of who listens as we would see it: 0 where we would not.
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
		return true // root's, and we are not root: its pid is ours to see, so it is no container of its
	}
	own, errOwn := os.Stat("/")
	return err == nil && errOwn == nil && os.SameFile(theirs, own)
}
