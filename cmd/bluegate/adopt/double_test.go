package adopt

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"bluegate/deploy/model"
)

// Each file in testdata/double is a Compose file, what is to be doubled, and the expected text or the refusal. go test
// ./cmd/bluegate/adopt -run Double -golden writes what is expected.
func TestDouble(t *testing.T) {
	paths, err := filepath.Glob("testdata/double/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatal(paths, err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			d := Doubling{Ports: map[string]map[model.Colour][]string{}, Expose: map[string][]string{}}
			for line := range strings.Lines(string(archive.Comment)) {
				words := strings.Fields(line)
				switch words[0] {
				case "services:":
					d.Services = words[1:]
				case "expose:":
					d.Expose[words[1]] = words[2:]
				case "ports:":
					d.Ports[words[1]] = map[model.Colour][]string{model.Blue: words[2:3], model.Green: words[3:4]}
				}
			}
			before := archive.Files[0].Data
			got, err := d.Edit(before)
			if err != nil {
				got = []byte("refused: " + err.Error() + "\n")
			}
			if *update {
				archive.Files[1].Data = got
				if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if string(got) != string(archive.Files[1].Data) {
				t.Errorf("got\n%swant\n%s", got, archive.Files[1].Data)
			}
		})
	}
}

func TestCallers(t *testing.T) {
	d := Doubling{Services: []string{"web"}}
	const head = "services:\n  web: {image: a, environment: {SELF: web}}\n  worker:\n    image: a\n    environment:\n      URL: "
	for url, want := range map[string]int{
		"http://web:3000/api": 1, "http://web": 1, "web:3000": 1, "postgres://u:p@web/db": 1, "http://u@web:1/": 1,
		"http://webshop:3000": 0, "web": 0, "http://example.com/web": 0, "tcp://other-web:1": 0,
	} {
		if got := d.Callers("compose.yml", []byte(head+url+"\n")); len(got) != want || want > 0 && got[0] != "compose.yml:6: service worker reaches web by its name" {
			t.Errorf("%s: %v", url, got)
		}
	}
}
