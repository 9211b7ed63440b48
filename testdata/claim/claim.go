// Package claim notes which test process made what, so that what a killed one left on the engine can be removed by the
// next run and does not fill it: an engine has some thirty networks to give.
package claim

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Dir is where the notes lie; testdata/engine/sweep.sh reads them.
func Dir() string { return filepath.Join(os.TempDir(), "bluegate-tests") }

// Claim notes that everything on the engine whose name or label contains id is this process's. The function that it
// returns takes the note back, once all of it is removed.
func Claim(id string) (release func() error, err error) {
	stat, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		return nil, err
	}
	// The 22nd field is the process's start, so that a pid that is used again is not taken for it; the second may hold
	// spaces and ends with the last parenthesis.
	fields := strings.Fields(string(stat[strings.LastIndex(string(stat), ")")+1:]))
	if len(fields) < 20 {
		return nil, errors.New("/proc/self/stat is not as proc(5) has it")
	}
	space, err := os.Readlink("/proc/self/ns/pid") // in which the pid means something
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(Dir(), 0o755); err != nil {
		return nil, err
	}
	note := filepath.Join(Dir(), id)
	if err := os.WriteFile(note, fmt.Appendf(nil, "%d %s %s\n", os.Getpid(), fields[19], space), 0o644); err != nil {
		return nil, err
	}
	return func() error { return os.Remove(note) }, nil
}
