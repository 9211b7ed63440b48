//go:build unix

package history

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// lockWatch makes sure that one watch at a time writes to a history: two would tell everything twice. It locks a file
// next to the history, because SQLite's own locks end when any descriptor of its file is closed. The lock ends with the
// process.
func (h *History) lockWatch() error {
	f, err := os.OpenFile(h.path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return fmt.Errorf("another watch writes to it; end that one, or name another file with watch.history")
		}
		return err
	}
	h.lock = f
	return nil
}
