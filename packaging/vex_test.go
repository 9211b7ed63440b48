// Package packaging tests what a release says about itself.
package packaging

import (
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// What the statement says of the Docker module is true for the version that is linked and for the packages of it.
func TestVexStatementIsTrue(t *testing.T) {
	text, err := os.ReadFile("../.vex/bluegate.openvex.json")
	if err != nil {
		t.Fatal(err)
	}
	var statement struct {
		Statements []struct {
			Vulnerability struct{ Name string }
			Products      []struct {
				Subcomponents []struct {
					ID string `json:"@id"`
				}
			}
			Status, Justification string
			Impact                string `json:"impact_statement"`
		}
	}
	if err := json.Unmarshal(text, &statement); err != nil {
		t.Fatal(err)
	}
	version := strings.TrimSpace(output(t, "go", "list", "-m", "-f", "{{.Version}}", "github.com/docker/docker"))
	purl := "pkg:golang/github.com/docker/docker@" + strings.ReplaceAll(version, "+", "%2B")
	if len(statement.Statements) == 0 {
		t.Error("there is no statement")
	}
	for _, s := range statement.Statements {
		if s.Status != "not_affected" || s.Justification != "vulnerable_code_not_present" || s.Impact == "" {
			t.Errorf("%s: status %q, justification %q, impact %q", s.Vulnerability.Name, s.Status, s.Justification, s.Impact)
		}
		if len(s.Products) != 1 || len(s.Products[0].Subcomponents) != 1 || s.Products[0].Subcomponents[0].ID != purl {
			t.Errorf("%s is about %v, and %s is linked: look at its advisories again", s.Vulnerability.Name, s.Products, purl)
		}
	}
	// The daemon's code, which the vulnerabilities are in, is in no other packages than these.
	client := regexp.MustCompile(`^github\.com/docker/docker/(api(/.*)?|client|pkg/stdcopy)$`)
	for _, system := range []string{"linux", "darwin", "windows"} {
		cmd := exec.Command("go", "list", "-deps", "../cmd/...")
		cmd.Env = append(os.Environ(), "GOOS="+system)
		packages, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range strings.Fields(string(packages)) {
			if strings.HasPrefix(p, "github.com/docker/docker/") && !client.MatchString(p) {
				t.Errorf("%s: %s is linked, which is more than the client: the statement must say whether it is affected", system, p)
			}
		}
	}
}

func output(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
