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

// helperName is the small static executable that is installed beside this one. It answers from where nginx stands.
const helperName = "healthcheck"

// machines are the engine's names of what an executable was built for.
var machines = map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64, "386": elf.EM_386, "arm": elf.EM_ARM, "riscv64": elf.EM_RISCV, "s390x": elf.EM_S390, "ppc64le": elf.EM_PPC64}

// findHelper looks for the executable beside this one, and else takes this one, where it is static. An empty
// architecture is any.
func findHelper(architecture string) (path string, args []string, err error) {
	self, err := os.Executable()
	if err != nil {
		return "", nil, fmt.Errorf("find this executable: %w", err)
	}
	if real, err := filepath.EvalSymlinks(self); err == nil {
		self = real
	}
	beside := filepath.Join(filepath.Dir(self), helperName)
	errBeside := runsAnywhere(beside, architecture)
	if errBeside == nil {
		return beside, []string{"--serve"}, nil
	}
	errSelf := runsAnywhere(self, architecture)
	if errSelf == nil {
		return self, []string{serveMode}, nil
	}
	return "", nil, &model.InvalidError{Err: fmt.Errorf("no executable for the agent next to nginx: %w; install %s next to bluegate (`make build` makes both)", errors.Join(errBeside, errSelf), helperName)}
}

// runsAnywhere says why an executable would not run in any container of an engine.
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
	if want, known := machines[architecture]; known && want != f.Machine {
		return fmt.Errorf("%s is built for %s, but the engine's machine is %s", path, f.Machine, architecture)
	}
	return nil
}

// readHelper is findHelper with the executable's bytes.
func readHelper(architecture string) ([]byte, []string, error) {
	path, args, err := findHelper(architecture)
	if err != nil {
		return nil, nil, err
	}
	executable, err := os.ReadFile(path)
	return executable, args, err
}

// readWaiter is readHelper for the mode that waits.
func readWaiter(architecture string) ([]byte, []string, error) {
	executable, args, err := readHelper(architecture)
	if err != nil {
		return nil, nil, err
	}
	if args[0] == serveMode {
		return executable, []string{waitMode}, nil
	}
	return executable, []string{"--wait"}, nil
}
