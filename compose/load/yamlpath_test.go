package load

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"bluegate/testdata/project"
)

// A mapping that is merged into itself, or twice at each of many levels, is read in no time, before Compose refuses it.
func TestMergesWithoutEnd(t *testing.T) {
	levels := "x-0: &a0 {k: 1}\n"
	for i := 1; i < 40; i++ {
		levels += fmt.Sprintf("x-%d: &a%d\n  <<: *a%d\n  <<: *a%d\n", i, i, i-1, i-1)
	}
	for name, text := range map[string]string{
		"into itself":        "services: &s\n  <<: *s\n  was-blue: {image: a}\n",
		"twice at each":      levels + "services:\n  was-blue:\n    <<: *a39\n    restart: always\n",
		"below each other":   "x: &x {y: &y {<<: *x}}\nservices:\n  was-blue: {<<: *y, image: a}\n",
		"a service's own":    "services:\n  was-blue: &b {<<: *b, image: a}\n",
		"key by key forever": "services: &s {was-blue: *s}\n",
	} {
		dir := project.Folder(t, map[string]string{"compose.blue.yml": text, "compose.green.yml": strings.ReplaceAll(text, "blue", "green")})
		done := make(chan struct{})
		go func() {
			defer close(done)
			if _, err := load(t, Options{Dir: dir}); err == nil || !strings.HasPrefix(err.Error(), dir+"/compose.blue.yml:") {
				t.Errorf("%s: %v", name, err)
			}
		}()
		select {
		case <-done:
		case <-time.After(time.Minute):
			t.Fatalf("%s: the files are still being read", name)
		}
	}
}
