//go:build !linux

package engine

// isLocal is false: on other systems the engine runs in a virtual machine.
func isLocal(string) bool { return false }

// thisMachine is not asked where no engine runs on this machine.
func thisMachine() (m machine) { return m }
