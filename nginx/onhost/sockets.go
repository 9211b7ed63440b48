//go:build linux

package onhost

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"bluegate/nginx/agent"
)

// ofWorkers are those connections that nginx's workers hold. Who may not see whose a socket is gets them all.
func (h *Nginx) ofWorkers(ctx context.Context, open []agent.Socket) []agent.Socket {
	now, err := h.Processes(ctx)
	if err != nil {
		return open
	}
	held := map[string]bool{}
	for _, w := range slices.Concat(now.Workers, now.ShuttingDown) {
		if err := addSockets(held, w.PID); err != nil && !errors.Is(err, fs.ErrNotExist) { // it may have ended
			return open
		}
	}
	return slices.DeleteFunc(open, func(s agent.Socket) bool { return !held[s.Inode] })
}

// addSockets adds the inodes of a process's sockets.
func addSockets(held map[string]bool, pid int) error {
	dir := filepath.Join(agent.Proc, strconv.Itoa(pid), "fd")
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		target, err := os.Readlink(filepath.Join(dir, e.Name()))
		if errors.Is(err, fs.ErrNotExist) { // closed by now
			continue
		}
		if err != nil {
			return err
		}
		if inode, ok := strings.CutPrefix(target, "socket:["); ok {
			held[strings.TrimSuffix(inode, "]")] = true
		}
	}
	return nil
}
