package instance

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// GitRoot is the folder of the git repository that tracks a file of this machine; empty where none does, or where there
// is no git to ask. The repository may be someone else's: nothing that it configures is run.
func GitRoot(ctx context.Context, file string) string {
	if root, err := git(ctx, file, "rev-parse", "--show-toplevel"); err == nil {
		if _, err := git(ctx, file, "ls-files", "--error-unmatch", "--", filepath.Base(file)); err == nil {
			return root
		}
	}
	return ""
}

func git(ctx context.Context, file string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "git", append([]string{"-c", "core.fsmonitor=false"}, args...)...)
	cmd.Dir = filepath.Dir(file)
	cmd.Env = append(os.Environ(), "GIT_OPTIONAL_LOCKS=0")
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	return strings.TrimSpace(string(out)), err
}
