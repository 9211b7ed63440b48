package wire

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bluegate/deploy/redact"
)

// TestMachine: Run returns a command's output and exit code, and ends everything that the command started.
func TestMachine(t *testing.T) {
	dir := t.TempDir()
	m := execLocal{dir: dir}
	output, code, err := m.Run(t.Context(), []string{"sh", "-c", "echo $FACT; echo bad >&2; exit 3"}, []string{"FACT=told"})
	if string(output) != "told\nbad\n" || code != 3 || err != nil {
		t.Errorf("%q, %d, %v", output, code, err)
	}
	mask := &redact.Redactor{}
	mask.Add("hunter2hunter2")
	output, _, err = execLocal{dir, mask}.Run(t.Context(), []string{"sh", "-c", "echo $FACT"}, []string{"FACT=it said hunter2hunter2"})
	if string(output) != "it said "+redact.Placeholder+"\n" || err != nil {
		t.Errorf("a command is told %q, %v", output, err)
	}
	if _, _, err := m.Run(t.Context(), []string{"./nowhere"}, nil); err == nil || !strings.Contains(err.Error(), "./nowhere") {
		t.Errorf("a command that is not there: %v", err)
	}
	began := time.Now()
	output, code, err = m.Run(t.Context(), []string{"sh", "-c", "sleep 600 & echo $! > pid; echo done"}, nil)
	if string(output) != "done\n" || code != 0 || err != nil || time.Since(began) > 5*time.Minute {
		t.Errorf("with a child in the background: %q, %d, %v", output, code, err)
	}
	pid, err := os.ReadFile(filepath.Join(dir, "pid"))
	if err != nil {
		t.Fatal(err)
	}
	ended := func() bool {
		stat, err := os.ReadFile("/proc/" + strings.TrimSpace(string(pid)) + "/stat")
		return err != nil || strings.Contains(string(stat), ") Z ")
	}
	for range 1000 {
		if ended() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("process %s, which the command had started, still runs", pid)
}
