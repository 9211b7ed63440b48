package e2e

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"bluegate/deploy/model"
	"bluegate/testdata/sample"
	"bluegate/testdata/stand"
)

// The commands of the README's CI jobs are run as a runner runs them: one shell for all, ended by the first failure.
func TestReadmeJobs(t *testing.T) {
	sample.Test(t, 7)
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

// The README's sixty seconds: its two files in an empty folder, and its commands. The first of them, which is Compose's own,
// is done by hand here: the colour that nginx names is started, and then nginx.
func TestReadmeSixtySeconds(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	section := regexp.MustCompile("(?s)\n## Sixty seconds\n(.*?)\n## ").FindStringSubmatch(string(text))
	if section == nil {
		t.Fatal("the README has no section of this name")
	}
	files := map[string]string{}
	for _, m := range regexp.MustCompile("(?s)```(?:yaml|nginx)\n# (\\S+)\n(.*?)```").FindAllStringSubmatch(section[1], -1) {
		files[m[1]] = m[2]
	}
	commands := regexp.MustCompile("(?s)```sh\n(.*?)```").FindStringSubmatch(section[1])
	if files["compose.yml"] == "" || files["nginx/default.conf"] == "" || commands == nil {
		t.Fatalf("the section has the files %v and the commands %q", files, commands)
	}
	s := newShop(t, stand.Options{Conf: files["nginx/default.conf"]})
	for _, colour := range []string{"blue", "green"} {
		if err := os.Remove(filepath.Join(s.Dir, "compose."+colour+"-deploy.yml")); err != nil {
			t.Fatal(err)
		}
	}
	image := "busybox:1.37"
	if _, err := stand.Docker("run", "--rm", "--network", "none", s.Image, "busybox", "true"); err == nil {
		image = s.Image // no registry is needed
	}
	compose := "name: " + s.Name + "\nnetworks: {default: {name: " + s.Name + "}}\n" + strings.ReplaceAll(files["compose.yml"], "busybox:1.37", image)
	if err := os.WriteFile(filepath.Join(s.Dir, "compose.yml"), []byte(compose), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(strings.TrimSpace(commands[1]), "\n") {
		line, says, _ := strings.Cut(line, "#")
		words := strings.Fields(line)
		var env []string
		for len(words) > 0 && strings.Contains(words[0], "=") {
			env, words = append(env, words[0]), words[1:]
		}
		switch {
		case words[0] == "docker":
			s.deploys(0, model.Started, env)
			if err := s.StartNginx(); err != nil {
				t.Fatal(err)
			}
		case words[0] == "curl":
			if got := strings.TrimSpace(get(t, s.URL)); got != strings.TrimSpace(says) {
				t.Errorf("after %q users get %q, want %s", line, got, says)
			}
		default:
			if r := s.run(env, words[1:]...); r.Code != 0 {
				t.Fatalf("%s ended with %d\n%s\n%s", line, r.Code, r.Stdout, r.Stderr)
			}
		}
	}
	if got := strings.TrimSpace(get(t, s.URL)); got != "v1" {
		t.Errorf("after the rollback users get %q, want v1", got)
	}
}

func get(t *testing.T, url string) string {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d, %v", url, resp.StatusCode, err)
	}
	return string(body)
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
