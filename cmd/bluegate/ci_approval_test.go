package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// The jobs in which someone approves a release are tested by what their steps do: each script runs with a bluegate that writes
// down how it was called, and with bluegate itself, which has no engine there.

// recorder is a folder with a bluegate that writes its arguments to a file, and ends with the exit code in EXIT.
func recorder(t *testing.T) (bin string, calls func() string) {
	t.Helper()
	bin = t.TempDir()
	file := filepath.Join(bin, "calls")
	if err := os.WriteFile(filepath.Join(bin, "bluegate"), []byte("#!/bin/sh\necho \"$@\" >>"+file+"\nexit ${EXIT:-0}\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return bin, func() string {
		text, _ := os.ReadFile(file)
		_ = os.Remove(file)
		return strings.TrimSpace(string(text))
	}
}

// approvalJobs are the scripts of each job of the two examples in docs/preview.md and of the component.
func approvalJobs(t *testing.T) map[string]map[string][]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root(t), "docs", "preview.md"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]map[string][]string{"github": {}, "gitlab": {}, "component": {}}
	for _, block := range fencedBlock.FindAllStringSubmatch(string(text), -1) {
		switch {
		case strings.HasPrefix(block[2], "# .github/"):
			var workflow struct {
				Jobs map[string]struct {
					Steps []struct{ Run, If string }
				}
			}
			if err := yaml.Unmarshal([]byte(block[2]), &workflow); err != nil {
				t.Fatal(err)
			}
			for name, job := range workflow.Jobs {
				for _, step := range job.Steps {
					if step.Run != "" && step.If == "" {
						all["github"][name] = append(all["github"][name], step.Run)
					}
				}
			}
		case strings.HasPrefix(block[2], "# .gitlab-ci.yml"):
			var jobs map[string]component
			if err := yaml.Unmarshal([]byte(block[2]), &jobs); err != nil {
				t.Fatal(err)
			}
			for name, job := range jobs {
				all["gitlab"][name] = job.Script
			}
		}
	}
	for name, job := range readComponents(t, "approval.yml", map[string]string{"job": "shop"}) {
		all["component"][strings.TrimPrefix(name, "shop-")] = job.Script
	}
	return all
}

func TestApprovalJobs(t *testing.T) {
	begins := map[string]string{
		"preview": "deploy --until preview --replace",
		"promote": "promote --wait-lock 5m",
		"abort":   "abort --wait-lock 5m",
	}
	for example, jobs := range approvalJobs(t) {
		if len(jobs) != len(begins) {
			t.Errorf("%s has %d jobs", example, len(jobs))
		}
		for name, script := range jobs {
			bin, calls := recorder(t)
			variables := []string{"GITHUB_SHA=5e3a", "CI_COMMIT_SHORT_SHA=5e3a"}
			if code, out := shell(t, script, t.TempDir(), bin, variables...); code != "0" {
				t.Errorf("%s, %s: exit code %s\n%s", example, name, code, out)
			}
			called := calls()
			if !strings.HasPrefix(called, begins[name]) || strings.Contains(called, "\n") {
				t.Errorf("%s, %s calls bluegate %q, want %q", example, name, called, begins[name])
			}
			if err := acceptable(append([]string{"bluegate"}, strings.Fields(called)...)); err != nil {
				t.Errorf("%s, %s: bluegate %s: %v", example, name, called, err)
			}
			// What did not pass fails the job. Only where nothing waits any more, a job that gives it up on GitHub does not.
			for _, exit := range []string{"2", "3"} {
				want := exit
				if example == "github" && name == "abort" && exit == "2" {
					want = "0"
				}
				got, _ := shell(t, script, t.TempDir(), bin, append(variables, "EXIT="+exit)...)
				if got != want && !(want != "0" && got != "0") {
					t.Errorf("%s, %s: bluegate ends with %s, and the job with %s", example, name, exit, got)
				}
			}
		}
	}
}

// With bluegate itself, which cannot reach an engine there, each job says so and fails.
func TestApprovalJobsOfTheComponent(t *testing.T) {
	dir, bin := t.TempDir(), filepath.Dir(itself(t))
	for _, colour := range []string{"blue", "green"} {
		writeFile(t, filepath.Join(dir, "compose."+colour+".yml"), "services: {app-"+colour+": {image: x}}\n")
	}
	for name, job := range readComponents(t, "approval.yml", nil) {
		code, out := shell(t, job.Script, dir, bin)
		if code != "7" || !strings.Contains(out, "nowhere.sock") {
			t.Errorf("%s: exit code %s\n%s", name, code, out)
		}
		if junit := job.Artifacts.Reports["junit"]; junit != "" {
			if info, err := os.Stat(filepath.Join(dir, junit)); err != nil || info.Size() == 0 {
				t.Errorf("%s: %s: %v", name, junit, err)
			}
		}
	}
}
