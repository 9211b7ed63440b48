//go:build linux

package onhost

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"bluegate/nginx/fsys"
)

// writable is the kernel's question about a path (access(2)).
const writable = 2

// CannotWrite implements instance.Instance. A file is replaced by a rename, so its directory counts; and the new one is given to the
// owner of the old one.
func (h *Nginx) CannotWrite(_ context.Context, real string, now fsys.Entry) (string, error) {
	dir := filepath.Dir(real)
	switch err := syscall.Access(dir, writable); {
	case errors.Is(err, syscall.EROFS):
		return fmt.Sprintf("%s is mounted read-only", dir), nil
	case err != nil:
		return fmt.Sprintf("user %d may not write in %s (%v); run bluegate as root, or as the user that the directory belongs to", os.Geteuid(), dir, err), nil
	}
	if os.Geteuid() == 0 || now.Content == nil {
		return "", nil
	}
	groups, err := os.Getgroups()
	if err != nil {
		return "", err
	}
	if now.UID != os.Geteuid() || now.GID != os.Getegid() && !slices.Contains(groups, now.GID) {
		return fmt.Sprintf("it belongs to user %d and group %d, and user %d could not give them its new content; run bluegate as root or as that user", now.UID, now.GID, os.Geteuid()), nil
	}
	return "", nil
}

// CannotSignal implements instance.Instance.
func (h *Nginx) CannotSignal() string {
	if err := syscall.Kill(h.Master.PID, 0); errors.Is(err, syscall.EPERM) {
		return fmt.Sprintf("user %d may not signal process %d; run bluegate as root, or as the user that nginx was started by", os.Geteuid(), h.Master.PID)
	}
	return ""
}
