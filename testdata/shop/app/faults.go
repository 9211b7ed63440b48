package main

import (
	"fmt"
	"time"
)

// health says what /health answers when the app has been up for so long, and why.
func (f faults) health(up time.Duration) (healthy bool, why string) {
	switch {
	case f.neverHealthy:
		return false, "cannot reach the database"
	case up < f.healthyAfter:
		return false, fmt.Sprintf("warming up: %s of %s", up.Round(100*time.Millisecond), f.healthyAfter)
	case f.flap > 0 && (up-f.healthyAfter)/f.flap%2 == 1:
		return false, "lost the database"
	}
	return true, "ok"
}

// memoryBound is where exhaustMemory gives up: in a container that has no memory limit it would take the whole
// machine along.
const memoryBound = 1 << 30

// exhaustMemory returns only if nothing has killed the process by then.
func exhaustMemory() error {
	const step, page = 4 << 20, 4 << 10
	var held [][]byte
	for len(held)*step < memoryBound {
		block := make([]byte, step)
		for i := 0; i < step; i += page {
			block[i] = 1 // untouched pages cost nothing, and nothing would happen
		}
		held = append(held, block)
		time.Sleep(5 * time.Millisecond)
	}
	return fmt.Errorf("%d MiB used and still alive: OOM_AFTER needs a container with a memory limit", len(held)*step>>20)
}
