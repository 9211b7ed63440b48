package load

import (
	"strings"
	"testing"

	"bluegate/testdata/project"
)

// A service that has labels or a name of bluegate's own is refused with its place, also one that belongs to no colour; the
// label that users set is not.
func TestReservedLabelsAndNames(t *testing.T) {
	for name, test := range map[string]struct{ in, wrong string }{
		"swept as a helper":           {"  was-blue: {image: a, labels: {bluegate.sweep: shop}}\n", "bluegate.sweep"},
		"a database as a colour's":    {"  was-blue: {image: a}\n  db:\n    image: b\n    labels: [bluegate.colour=blue, bluegate.project=shop]\n", "bluegate.colour"},
		"of a service with a profile": {"  was-blue: {image: a}\n  tool: {image: b, profiles: [tools], labels: {bluegate.kept: shop}}\n", "bluegate.kept"},
		"hidden as a hook":            {"  was-blue: {image: a, labels: {com.docker.compose.hook: x}}\n", "com.docker.compose.hook"},
		"the lock's name":             {"  was-blue: {image: a, container_name: bluegate-lock-shop}\n", "bluegate-lock-shop"},
		"nginx":                       {"  was-blue: {image: a}\n  nginx: {image: nginx, labels: {bluegate.nginx: shop}}\n", ""},
	} {
		dir := project.Folder(t, map[string]string{"compose.yml": "name: shop\nservices:\n" + test.in + "  was-green: {image: a}\n"})
		_, err := load(t, Options{Dir: dir})
		switch {
		case test.wrong == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case test.wrong != "" && (err == nil || !strings.Contains(err.Error(), test.wrong) || !strings.HasPrefix(err.Error(), dir+"/compose.yml:")):
			t.Errorf("%s: %v", name, err)
		}
		if _, err := load(t, Options{Dir: dir, OnlyWhatRuns: true}); err != nil {
			t.Errorf("%s: status and rollback are refused: %v", name, err)
		}
	}
}
