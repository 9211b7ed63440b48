package conf

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
)

// disk is the Source of this machine. Its Glob finds hidden files, which glob(3) does not.
type disk struct{}

func (disk) Read(name string) ([]byte, error)              { return os.ReadFile(name) }
func (disk) Glob(pattern string) (names []string, _ error) { return filepath.Glob(pattern) }

// TestNginxAgreesOnIncludes holds LoadTree against the files, and their order, that nginx -T shows.
func TestNginxAgreesOnIncludes(t *testing.T) {
	nginx := newNginx(t)
	for name, text := range map[string]string{
		"case.conf":          "include sub/*.conf; include none/*; include sub/[ab].conf; map $host $m { include maps/?; }\ninclude \"with space\";",
		"sub/b.conf":         "server { include sub/deep/x; location / { include params; } }",
		"sub/a.conf":         "include sub/deep/*; include params;",
		"sub/B.conf":         "",
		"sub/10.conf":        "",
		"sub/9.conf":         "",
		"sub/é.conf":         "",
		"sub/.hidden.conf":   "not nginx's",
		"sub/a.conf~":        "not nginx's",
		"sub/deep/x":         "add_header X y;",
		"sub/deep/.x.swp":    "not nginx's",
		"params":             "add_header Y z;",
		"maps/1":             "a b;",
		"with space":         fmt.Sprintf("include %s/absolute;", nginx.dir),
		"absolute":           "",
		"sub/deep/unrelated": "",
	} {
		if err := os.MkdirAll(filepath.Join(nginx.dir, filepath.Dir(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := nginx.write(name, text); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(nginx.binary, "-p", nginx.dir+"/", "-c", "nginx.conf", "-e", "stderr", "-T")
	cmd.Env = nginx.env
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("nginx -T: %v\n%s", err, out)
	}
	var want, got []string
	for _, m := range regexp.MustCompile(`(?m)^# configuration file (.*):$`).FindAllSubmatch(out, -1) {
		want = append(want, string(m[1]))
	}
	tree, err := LoadTree(disk{}, filepath.Join(nginx.dir, "nginx.conf"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range tree {
		got = append(got, f.Path)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got   %q\nnginx %q", got, want)
	}
	t.Logf("%d files in the order of nginx", len(got))
}
