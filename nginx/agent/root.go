//go:build linux

package agent

import (
	"fmt"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// roots lets this process look at files as another process sees them: below that one's root, where absolute symbolic
// links resolve against it, and where a mounted file that was replaced outside still is the old one.
//
// A root is the process's, not a thread's, and a thread of its own may not be had: Docker's seccomp profile forbids
// unshare. So what is done below another root is done alone.
type roots struct {
	mu  sync.Mutex
	own *os.File // the root that this process was started with
}

// in calls do with the root of a process as its own; of no process (0), with this one's. It needs CAP_SYS_CHROOT, and
// CAP_SYS_PTRACE where the process belongs to someone else.
func (r *roots) in(pid int, do func()) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if pid == 0 {
		do()
		return nil
	}
	if r.own == nil {
		own, err := os.Open("/")
		if err != nil {
			return err
		}
		r.own = own
	}
	if err := os.Chdir("/"); err != nil { // a folder outside of the coming root would be a way out of it
		return err
	}
	if err := unix.Chroot(fmt.Sprintf("%s/%d/root", Proc, pid)); err != nil {
		return fmt.Errorf("look at files as process %d sees them: %w", pid, err)
	}
	do()
	if err := r.own.Chdir(); err != nil {
		return fmt.Errorf("come back from the root of process %d: %w", pid, err)
	}
	if err := unix.Chroot("."); err != nil {
		return fmt.Errorf("come back from the root of process %d: %w", pid, err)
	}
	return nil
}
