package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"syscall"
	"testing"
	"time"

	"bluegate/deploy/model"
	"bluegate/testdata/pace"
	"bluegate/testdata/sample"
	"bluegate/testdata/stand"
)

// says calls bluegate and returns what it printed.
func (s *shop) says(code int, args ...string) string {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), pace.Limit(time.Minute))
	defer cancel()
	r, err := s.Run(ctx, nil, append(args, "--format", "text")...)
	if err != nil || r.Code != code {
		s.t.Fatalf("bluegate %v: exit %d, %v, want %d\n%s\n%s", args, r.Code, err, code, r.Stdout, r.Stderr)
	}
	return r.Stdout
}

// wants fails the test for every text that is not in another one.
func wants(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q is missing in\n%s", part, text)
		}
	}
}

// What was deployed, refused and brought back is in the history, which another client of the engine reads; the logs of the
// colours can be read without knowing the containers' names.
func TestHistoryAndLogs(t *testing.T) {
	sample.Test(t, 5)
	t.Parallel()
	s := openShop(t, stand.Options{Config: unhurried})
	again := s.deploys(0, model.Planned, []string{"VERSION=v1"}, "--dry-run", "--no-pull")
	if !hasFinding(again, "same-images") {
		t.Errorf("a release of the same images is not told: %+v", again.Report.Findings)
	}
	second := s.deploys(0, model.Promoted, []string{"VERSION=no-such-version"}, "--set", "VERSION=v2")
	if hasFinding(second, "same-images") || !strings.HasSuffix(second.Report.Images[0].Image, ":v2") {
		t.Errorf("images %+v, findings %+v", second.Report.Images, second.Report.Findings)
	}
	refused := s.deploys(3, model.Refused, []string{"VERSION=v3"})
	s.back(0, model.Promoted)

	list := s.says(0, "history")
	wants(t, list, "rollback", second.Report.Release, refused.Report.Release, "refused: unhealthy", "bluegate-shop:v3", "started")
	if lines := strings.Count(list, "\n"); lines != 5 {
		t.Errorf("%d lines:\n%s", lines, list)
	}
	wants(t, s.says(0, "history", "show", refused.Report.Release), "refused (exit code 3)", "sha256:", "last probe:")
	wants(t, s.says(0, "history", "show", second.Report.Release), "promoted (exit code 0)", "set: VERSION=v2", "from blue to green")
	r, err := s.Run(t.Context(), nil, "history", "--limit", "2", "--format", "json")
	var read struct{ Releases []model.HistoryRecord }
	if err := errors.Join(err, json.Unmarshal([]byte(r.Stdout), &read)); err != nil || len(read.Releases) != 2 || read.Releases[0].Command != "rollback" || len(read.Releases[0].Images) != 2 {
		t.Errorf("%v: %s", err, r.Stdout)
	}

	wants(t, s.says(0, "logs", "green", "was"), s.Name+"-was-green-1 | ")
	both := s.says(0, "logs", "--tail", "1")
	wants(t, both, s.Name+"-was-green-1", s.Name+"-signal-blue-1")
	if lines := strings.Count(both, "\n"); lines > 4 {
		t.Errorf("--tail 1 of four containers has %d lines:\n%s", lines, both)
	}
	wants(t, s.says(2, "logs", "green", "db"), "no colour has a service", "was-green")

	s.endsQuietly("status", "--watch")
	s.endsQuietly("logs", "--follow", "blue")
	s.nothingLeft()
}

// endsQuietly starts a command that runs until Ctrl-C, waits until it has shown something, and interrupts it.
func (s *shop) endsQuietly(args ...string) {
	s.t.Helper()
	cmd := s.Command(context.Background(), nil, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		s.t.Fatal(err)
	}
	first, _ := bufio.NewReader(stdout).ReadString('\n')
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		s.t.Error(err)
	}
	_, _ = io.Copy(io.Discard, stdout)
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 130 || first == "" || stderr.Len() > 0 {
		s.t.Errorf("bluegate %v: exit code %d after %q: %s", args, code, first, stderr.String())
	}
}
