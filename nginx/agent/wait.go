package agent

import (
	"os"
	"os/signal"
	"syscall"
)

// Wait returns when this process gets SIGTERM or SIGINT. A container that does nothing else keeps its name, its files and
// its host names, since no prune removes a container that runs. As PID 1 a process ends by a signal only if it handles it.
func Wait() {
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM, syscall.SIGINT)
	<-ended
}
