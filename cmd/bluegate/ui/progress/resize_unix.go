//go:build unix

package progress

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// notifyResize sends when the window has another size, and when the process is continued: someone else may have written
// to the terminal meanwhile.
func notifyResize(ctx context.Context, resized chan<- struct{}) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGWINCH, syscall.SIGCONT)
	go func() {
		defer signal.Stop(signals)
		for {
			select {
			case <-ctx.Done():
				return
			case <-signals:
			}
			select {
			case resized <- struct{}{}:
			default: // it will be drawn anyway
			}
		}
	}()
}
