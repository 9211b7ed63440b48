package history

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/windows"
)

// lockWatch makes sure that one watch at a time writes to a history. It locks a file next to the history; the lock ends
// with the process.
func (h *History) lockWatch() error {
	f, err := os.OpenFile(h.path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	err = windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, new(windows.Overlapped))
	if err != nil {
		_ = f.Close()
		if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
			return fmt.Errorf("another watch writes to it; end that one, or name another file with watch.history")
		}
		return err
	}
	h.lock = f
	return nil
}
