package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"bluegate/testdata/sample"
	"bluegate/testdata/stand"
)

// The commands of the README's CI jobs are run as a runner runs them: one shell for all, ended by the first failure.
func TestReadmeJobs(t *testing.T) {
	sample.Test(t, 3)
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```yaml\n# (\\.git[^\n]*)\n(.*?)```").FindAllStringSubmatch(string(text), -1)
	if len(blocks) != 2 {
		t.Fatalf("the README has %d CI jobs, want GitHub's and GitLab's", len(blocks))
	}
	for _, block := range blocks {
		t.Run(filepath.Base(block[1]), func(t *testing.T) {
			t.Parallel()
			s := openShop(t, stand.Options{})
			output := filepath.Join(s.Dir, "github-output")
			cmd := exec.Command("sh", "-euc", strings.Join(commands(t, block[2]), "\n"))
			cmd.Dir = s.Dir
			cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(bluegate)+":"+os.Getenv("PATH"), "CI=true", "GITHUB_OUTPUT="+output)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if got := s.sample().Colours(); len(got) != 1 || got[0] != "green" {
				t.Errorf("after the job users see %v, want green", got)
			}
			if strings.Contains(block[2], "report.json") {
				report, err := os.ReadFile(filepath.Join(s.Dir, "report.json"))
				if err != nil {
					t.Fatal(err)
				}
				valid(t, string(report))
			}
		})
	}
}

// commands are the shell lines of a job; what GitHub itself would put in stands for itself.
func commands(t *testing.T, job string) (lines []string) {
	t.Helper()
	for _, line := range strings.Split(job, "\n") {
		line = strings.TrimSpace(line)
		if rest, ok := strings.CutPrefix(line, "- run: "); ok {
			line = rest
		} else if rest, ok := strings.CutPrefix(line, "run: "); ok {
			line = rest
		} else if rest, ok := strings.CutPrefix(line, "- "); ok && strings.Contains(rest, "bluegate ") {
			line = rest
		} else {
			continue
		}
		lines = append(lines, strings.ReplaceAll(line, "${{ steps.gate.outputs.live }}", `$(sed -n s/^live=//p "$GITHUB_OUTPUT")`))
	}
	if len(lines) == 0 {
		t.Fatalf("no command in\n%s", job)
	}
	return lines
}
