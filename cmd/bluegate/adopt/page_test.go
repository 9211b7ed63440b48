package adopt

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("golden", false, "write the files that are made from the tests")

// layouts are those of the page, in its order.
var layouts = []string{"two-files", "project-per-colour", "host-nginx", "one-file", "one-file-two-projects", "override", "link", "variable"}

// The page about adopting shows the tests' own files, and what init proposes for them.
// go test ./cmd/bluegate/adopt -run Page -golden writes it.
func TestPageIsThatOfTheLayouts(t *testing.T) {
	paths, err := filepath.Glob("testdata/layouts/*.txtar")
	if err != nil || len(paths) != len(layouts) {
		t.Errorf("the page has %d layouts of %d, %v", len(layouts), len(paths), err)
	}
	text, err := os.ReadFile("testdata/adopting.md")
	if err != nil {
		t.Fatal(err)
	}
	var pages strings.Builder
	for _, name := range layouts {
		archive, err := txtar.ParseFile(filepath.Join("testdata", "layouts", name+".txtar"))
		if err != nil {
			t.Fatal(err)
		}
		pages.WriteString(page(archive))
	}
	made := strings.Replace(string(text), "LAYOUTS\n", pages.String(), 1)
	path := filepath.Join("..", "..", "..", "docs", "adopting.md")
	if *update {
		if err := os.WriteFile(path, []byte(made), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if have, err := os.ReadFile(path); err != nil || string(have) != made {
		t.Errorf("docs/adopting.md is not that of the tests (%v); run go test ./cmd/bluegate/adopt -run Page -golden", err)
	}
}

var languages = map[string]string{".yml": "yaml", ".sh": "sh", ".conf": "nginx", ".inc": "nginx"}

func page(archive *txtar.Archive) string {
	title, about, _ := strings.Cut(strings.TrimSpace(string(archive.Comment)), "\n\n")
	var b strings.Builder
	fmt.Fprintf(&b, "## %s\n\n%s\n\nBefore:\n\n", title, about)
	for _, f := range archive.Files {
		if f.Name == "want" {
			continue
		}
		language := languages[filepath.Ext(f.Name)]
		if language == "" {
			language = "nginx"
		}
		fmt.Fprintf(&b, "```%s\n# %s\n%s```\n\n", language, f.Name, f.Data)
	}
	dir, _ := folder(archive)
	if yml := Look(dir, "shop", conventional(dir)).Proposal.YAML(); yml != "" {
		fmt.Fprintf(&b, "After: `bluegate deploy`, with the file that `bluegate init` writes.\n\n```yaml\n# bluegate.yml\n%s```\n\n", yml)
	} else {
		b.WriteString("After: `bluegate deploy`. No file is needed.\n\n")
	}
	return b.String()
}
