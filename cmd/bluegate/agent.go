package main

import (
	"debug/elf"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"bluegate/deploy/model"
)

// agentName is the small static executable that is installed next to this one. It runs next to nginx and next to
// containers, and answers from there.
const agentName = "healthcheck"

// elfMachines maps the engine's names of architectures to those of ELF.
var elfMachines = map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64, "386": elf.EM_386, "arm": elf.EM_ARM, "riscv64": elf.EM_RISCV, "s390x": elf.EM_S390, "ppc64le": elf.EM_PPC64}

// findAgent returns the agent's executable next to this one, otherwise this executable if it is static. An empty
// architecture means any.
func findAgent(architecture string) (path string, args []string, err error) {
	self, err := os.Executable()
	if err != nil {
		return "", nil, fmt.Errorf("find this executable: %w", err)
	}
	if real, err := filepath.EvalSymlinks(self); err == nil {
		self = real
	}
	beside := filepath.Join(filepath.Dir(self), agentName)
	errBeside := runsAnywhere(beside, architecture)
	if errBeside == nil {
		return beside, []string{"--serve"}, nil
	}
	errSelf := runsAnywhere(self, architecture)
	if errSelf == nil {
		return self, []string{serveMode}, nil
	}
	return "", nil, &model.InvalidError{Err: fmt.Errorf("no executable for the agent next to nginx: %w; install %s next to bluegate (`make build` makes both)", errors.Join(errBeside, errSelf), agentName)}
}

// runsAnywhere returns why an executable would not run in every container of an engine, or nil.
func runsAnywhere(path, architecture string) error {
	f, err := elf.Open(path)
	var missing *fs.PathError
	switch {
	case errors.As(err, &missing):
		return err
	case err != nil:
		return fmt.Errorf("%s is not an executable for Linux: %w", path, err)
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			return fmt.Errorf("%s is not static (build it with CGO_ENABLED=0)", path)
		}
	}
	if want, known := elfMachines[architecture]; known && want != f.Machine {
		return fmt.Errorf("%s is built for %s, but the engine's machine is %s", path, f.Machine, architecture)
	}
	return nil
}

// readAgent returns the bytes of the executable that findAgent finds.
func readAgent(architecture string) ([]byte, []string, error) {
	path, args, err := findAgent(architecture)
	if err != nil {
		return nil, nil, err
	}
	executable, err := os.ReadFile(path)
	return executable, args, err
}

// readWaiter returns the same executable for the mode that only waits.
func readWaiter(architecture string) ([]byte, []string, error) {
	executable, args, err := readAgent(architecture)
	if err != nil {
		return nil, nil, err
	}
	if args[0] == serveMode {
		return executable, []string{waitMode}, nil
	}
	return executable, []string{"--wait"}, nil
}
