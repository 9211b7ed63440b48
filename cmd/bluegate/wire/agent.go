package wire

import (
	"debug/elf"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"bluegate/deploy/model"
)

// ProbeName is the name of the small static executable: the probe for healthchecks, and what runs next to nginx and next to
// containers. The architecture of the engine's machine follows: bluegate-healthcheck-linux-arm64.
const ProbeName = "bluegate-healthcheck"

// oldAgentName is what earlier versions called the agent's executable, without an architecture.
const oldAgentName = "healthcheck"

// ELFMachines maps the engine's names of architectures to those of ELF.
var ELFMachines = map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64, "386": elf.EM_386, "arm": elf.EM_ARM, "riscv64": elf.EM_RISCV, "s390x": elf.EM_S390, "ppc64le": elf.EM_PPC64}

// findAgent returns the agent's executable for an architecture, as the engine names it; without one that is installed,
// this executable if it is a static one of that architecture.
func findAgent(architecture string) (path string, args []string, err error) {
	self, err := ownPath()
	if err != nil {
		return "", nil, err
	}
	path, errInstalled := installedAgent(self, architecture)
	if errInstalled == nil {
		return path, []string{"--serve"}, nil
	}
	errSelf := runsAnywhere(self, architecture)
	if errSelf == nil {
		return self, []string{ServeMode}, nil
	}
	return "", nil, &model.InvalidError{Err: fmt.Errorf("no executable for what runs next to containers on the engine's machine: %w", errors.Join(errInstalled, errSelf))}
}

// ownPath is this executable, without links.
func ownPath() (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find this executable: %w", err)
	}
	if real, err := filepath.EvalSymlinks(self); err == nil {
		self = real
	}
	return self, nil
}

// installedAgent returns the executable for an architecture that is installed next to this one or in its libexec folder.
func installedAgent(self, architecture string) (string, error) {
	var why []error
	for _, path := range agentPaths(self, architecture) {
		err := runsAnywhere(path, architecture)
		if err == nil {
			return path, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			why = append(why, err)
		}
	}
	missing := fmt.Errorf("there is no %[1]s-linux-%[2]s next to %[3]s or in %[4]s; a release has it, and CGO_ENABLED=0 GOOS=linux GOARCH=%[2]s go build -o %[1]s-linux-%[2]s ./cmd/healthcheck makes it",
		ProbeName, architecture, self, agentFolder(self))
	return "", errors.Join(append([]error{missing}, why...)...)
}

// agentFolder is the folder that an installation has for executables which people do not call.
func agentFolder(self string) string {
	return filepath.Join(filepath.Dir(self), "..", "libexec", "bluegate")
}

// agentPaths are the places of the agent's executable, the best first.
func agentPaths(self, architecture string) []string {
	folder, name := filepath.Dir(self), ProbeName+"-linux-"+architecture
	return []string{filepath.Join(folder, name), filepath.Join(agentFolder(self), name), filepath.Join(folder, ProbeName), filepath.Join(folder, oldAgentName)}
}

// runsAnywhere returns why an executable would not run in every container of an engine, or nil. A file that is not there
// is fs.ErrNotExist.
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
	if want, known := ELFMachines[architecture]; known && want != f.Machine {
		return fmt.Errorf("%s is built for %s, but the engine's machine is %s", path, f.Machine, architecture)
	}
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			return fmt.Errorf("%s is not static (build it with CGO_ENABLED=0)", path)
		}
	}
	return nil
}

// Probe returns the small executable for an architecture. It is also what runs next to containers.
func Probe(architecture string) ([]byte, error) {
	self, err := ownPath()
	if err != nil {
		return nil, err
	}
	path, err := installedAgent(self, architecture)
	if err != nil {
		return nil, &model.InvalidError{Err: err}
	}
	return os.ReadFile(path)
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
	if args[0] == ServeMode {
		return executable, []string{WaitMode}, nil
	}
	return executable, []string{"--wait"}, nil
}
