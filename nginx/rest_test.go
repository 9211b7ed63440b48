package nginx

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A master that is at something is not signalled: its workers of a moment later have read other bytes, and would be taken
// for those of our reload.
func TestLoadWaitsForTheMaster(t *testing.T) {
	shop := newHostShop(t)
	shop.observe()
	pid := shop.master.Process.Pid
	pending := func() bool { // a HUP that the master has not taken yet
		text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if mask, ok := strings.CutPrefix(line, "ShdPnd:"); ok {
				bits, err := strconv.ParseUint(strings.TrimSpace(mask), 16, 64)
				return err == nil && bits&(1<<(uint(syscall.SIGHUP)-1)) != 0
			}
		}
		return false
	}
	if err := shop.master.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = shop.master.Process.Signal(syscall.SIGCONT) })
	for range 100 { // a signal takes a moment
		if now, err := shop.router.found.Processes(t.Context()); err == nil && now.Busy() {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	shop.router.limit = time.Second
	err := shop.router.load(t.Context())
	var held *pendingError
	if !errors.As(err, &held) || pending() {
		t.Errorf("%v; signalled: %t", err, pending())
	}

	shop.router.limit = time.Minute
	time.AfterFunc(300*time.Millisecond, func() { _ = shop.master.Process.Signal(syscall.SIGCONT) })
	if err := shop.router.load(t.Context()); err != nil {
		t.Errorf("once it goes on: %v", err)
	}
}
