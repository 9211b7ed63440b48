package adopt

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bluegate/deploy/model"
)

var update = flag.Bool("golden", false, "write docs/adopting.md")

// onThePage are the layouts in the order of the page: the most common ones first.
var onThePage = []string{
	"one-file-prepared-files", "one-file-with-a-profile", "one-file-symlink", "one-file-variable", "one-file-named-volume", "migration-and-build",
	"two-files-shared-project", "two-files-project-each", "two-files-named", "replicas", "two-files-each-with-nginx",
	"two-files-host-nginx", "one-file-host-nginx", "one-file-two-projects", "base-and-override",
}

// The page about adopting is generated from the files with which the end-to-end tests deploy. go test
// ./cmd/bluegate/adopt -run Page -golden writes it.
func TestPageIsMadeOfTheLayouts(t *testing.T) {
	if names := layoutNames(t); !slices.Equal(names, slices.Sorted(slices.Values(onThePage))) {
		t.Errorf("the page has %v, there are %v", onThePage, names)
	}
	text, err := os.ReadFile("testdata/adopting.md")
	if err != nil {
		t.Fatal(err)
	}
	var list, sections strings.Builder
	for _, name := range onThePage {
		title, text := layoutSection(t, name)
		fmt.Fprintf(&list, "* [%s](#%s)\n", title, anchor(title))
		sections.WriteString(text)
	}
	made := strings.NewReplacer("LIST\n", list.String(), "LAYOUTS\n", sections.String()).Replace(string(text))
	page := filepath.Join("..", "..", "..", "docs", "adopting.md")
	if *update {
		if err := os.WriteFile(page, []byte(made), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if have, err := os.ReadFile(page); err != nil || string(have) != made {
		t.Errorf("docs/adopting.md is not that of the layouts (%v); run go test ./cmd/bluegate/adopt -run Page -golden", err)
	}
}

// anchor returns the anchor that GitHub makes for a heading.
func anchor(title string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-', r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		}
		return -1
	}, strings.ToLower(title))
}

// layoutSection returns a layout's part of the page: its files before, and what bluegate needs.
func layoutSection(t *testing.T, name string) (title, text string) {
	t.Helper()
	dir := os.DirFS(filepath.Join(layoutsDir, name))
	content := func(file string) string {
		text, err := fs.ReadFile(dir, file)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		return string(text)
	}
	title, about, _ := strings.Cut(strings.TrimPrefix(content("about.md"), "# "), "\n")
	var b strings.Builder
	fmt.Fprintf(&b, "## %s\n%s\nBefore:\n\n", title, about)
	for _, file := range filesOf(t, dir) {
		shown := file
		if strings.HasPrefix(file, "etc/") {
			shown = "/" + file
		}
		if other := expandColour(colourPattern(file), model.Blue); colourIn(file) == model.Green && greened(content(other)) == content(file) {
			fmt.Fprintf(&b, "`%s` is the same for green.\n\n", shown)
			continue
		}
		fmt.Fprintf(&b, "```%s\n# %s\n%s```\n\n", language(file), shown, content(file))
	}
	if yml := content("bluegate.yml"); yml != "" {
		fmt.Fprintf(&b, "After: `bluegate deploy`, with the file that `bluegate init` writes.\n\n```yaml\n# bluegate.yml\n%s```\n\n", yml)
	} else {
		b.WriteString("After: `bluegate deploy`. No file is needed.\n\n")
	}
	return title, b.String()
}

// filesOf returns a layout's own files: those of Compose, then those of nginx, the script last.
func filesOf(t *testing.T, dir fs.FS) (files []string) {
	t.Helper()
	if err := fs.WalkDir(dir, ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && name != "about.md" && name != "bluegate.yml" {
			files = append(files, name)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	rank := func(name string) int {
		switch {
		case path.Ext(name) == ".sh", path.Base(name) == "Makefile", strings.HasPrefix(name, ".github/"):
			return 2
		case strings.Contains(name, "/"):
			return 1
		}
		return 0
	}
	slices.SortStableFunc(files, func(a, b string) int { return rank(a) - rank(b) })
	return files
}

// greened replaces blue and its port with green and its port.
func greened(text string) string {
	return strings.NewReplacer("blue", "green", "8081", "8082").Replace(text)
}

var languages = map[string]string{".yml": "yaml", ".yaml": "yaml", ".sh": "sh", ".conf": "nginx", ".inc": "nginx", ".template": "nginx", ".env": "sh"}

func language(file string) string {
	if base := path.Base(file); base == "Dockerfile" || base == "Makefile" {
		return strings.ToLower(base)
	}
	return languages[path.Ext(file)]
}
