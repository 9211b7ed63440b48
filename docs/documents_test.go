// Package docs tests the documents: links lead somewhere, YAML loads, transcripts are what the program prints.
package docs

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
	"go.yaml.in/yaml/v3"

	"bluegate/cmd/bluegate/config"
	"bluegate/testdata/documents"
)

var update = flag.Bool("golden", false, "write the transcripts again")

// block is a fenced block of a document.
type block struct {
	page, language, text string
	line                 int
}

var fence = regexp.MustCompile("(?m)^( *)```([a-z]*)\n((?s:.*?))^ *```$")

func blocksOf(page, text string) (blocks []block) {
	for _, m := range fence.FindAllStringSubmatchIndex(text, -1) {
		indent, body := text[m[2]:m[3]], text[m[6]:m[7]]
		if indent != "" {
			body = regexp.MustCompile("(?m)^"+indent).ReplaceAllString(body, "")
		}
		blocks = append(blocks, block{page, text[m[4]:m[5]], body, 1 + strings.Count(text[:m[0]], "\n")})
	}
	return blocks
}

var (
	link    = regexp.MustCompile(`\[[^\]\n]*(?:\n[^\]\n]*)?\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#{1,6} (.+)$`)
	picture = regexp.MustCompile(`(?:src|href)="([^"]+)"`)
)

// Each link leads to a file of the repository, and to a heading that is there.
func TestLinks(t *testing.T) {
	all := documents.Read(t, "..")
	for page, text := range all {
		text = fence.ReplaceAllString(text, "")
		for _, m := range append(link.FindAllStringSubmatch(text, -1), picture.FindAllStringSubmatch(text, -1)...) {
			target, anchor, _ := strings.Cut(m[1], "#")
			if strings.Contains(target, "://") {
				continue
			}
			to := page
			if target != "" {
				to = filepath.Join(filepath.Dir(page), target)
			}
			if _, err := os.Stat(filepath.Join("..", to)); err != nil {
				t.Errorf("%s: the link to %s leads nowhere", page, m[1])
				continue
			}
			if anchor != "" && !slices.Contains(anchors(all[to]), anchor) {
				t.Errorf("%s: %s has no heading %q; it has %v", page, to, anchor, anchors(all[to]))
			}
		}
	}
}

// anchors are the names that a Markdown page on GitHub gives to its headings.
func anchors(text string) (names []string) {
	seen := map[string]int{}
	for _, m := range heading.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
		name := strings.ToLower(strings.TrimSpace(m[1]))
		name = regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(name, "")
		name = strings.ReplaceAll(name, " ", "-")
		n := seen[name]
		seen[name]++
		if n > 0 {
			name = fmt.Sprintf("%s-%d", name, n)
		}
		names = append(names, name)
	}
	return names
}

// Each page of this folder can be reached from the README by links.
func TestEveryPageIsReached(t *testing.T) {
	all := documents.Read(t, "..")
	reached, next := map[string]bool{}, []string{"README.md"}
	for len(next) > 0 {
		page := next[0]
		next = next[1:]
		if reached[page] {
			continue
		}
		reached[page] = true
		for _, m := range link.FindAllStringSubmatch(all[page], -1) {
			target, _, _ := strings.Cut(m[1], "#")
			if to := filepath.Join(filepath.Dir(page), target); target != "" && all[to] != "" {
				next = append(next, to)
			}
		}
	}
	for page := range all {
		if !reached[page] {
			t.Errorf("no link leads to %s", page)
		}
	}
}

// Each block of YAML is what its first line or its keys say: a bluegate.yml, a Compose file, or any YAML.
func TestYAML(t *testing.T) {
	counts := map[string]int{}
	for page, text := range documents.Read(t, "..") {
		for _, b := range blocksOf(page, text) {
			if b.language != "yaml" && b.language != "yml" {
				continue
			}
			kind, err := load(b)
			counts[kind]++
			if err != nil {
				t.Errorf("%s:%d: as %s: %v\n%s", b.page, b.line, kind, err, b.text)
			}
		}
	}
	if counts["bluegate.yml"] < 5 || counts["Compose file"] < 5 {
		t.Errorf("too few blocks were recognised: %v", counts)
	}
}

func load(b block) (kind string, err error) {
	var content any
	if err := yaml.Unmarshal([]byte(b.text), &content); err != nil {
		return "YAML", err
	}
	keys, isMap := content.(map[string]any)
	if !isMap {
		return "YAML", nil
	}
	first, _, _ := strings.Cut(b.text, "\n")
	_, services := keys["services"]
	switch {
	case strings.HasPrefix(first, "# ") && strings.Contains(first, "bluegate.yml"), !strings.HasPrefix(first, "# ") && isConfiguration(keys):
		_, err := config.Parse(config.Source{Path: "bluegate.yml", Text: []byte(b.text), Mode: 0o600}, environment)
		return "bluegate.yml", err
	case services && !strings.HasPrefix(first, "# ."):
		return "Compose file", loadCompose(b.text)
	}
	return "YAML", nil
}

// environment has a value for every variable, except those that are settings of bluegate.
func environment(name string) string {
	if strings.HasPrefix(name, "BLUEGATE_") {
		return ""
	}
	return "value"
}

// isConfiguration says whether all keys are those of bluegate.yml, which only it has together.
func isConfiguration(keys map[string]any) bool {
	known := []string{"project", "compose", "colours", "gate", "nginx", "checks", "hooks", "bake", "drain", "old", "watch", "notify"}
	for key := range keys {
		if !slices.Contains(known, key) {
			return false
		}
	}
	return len(keys) > 0
}

func loadCompose(text string) error {
	details := types.ConfigDetails{
		WorkingDir:  "/nowhere",
		ConfigFiles: []types.ConfigFile{{Filename: "compose.yml", Content: []byte(text)}},
		Environment: types.Mapping{"VERSION": "v1", "COLOUR": "blue", "HTTP_PORT": "8080"},
	}
	for _, m := range regexp.MustCompile(`\$\{([A-Z_]+):?\?`).FindAllStringSubmatch(text, -1) {
		details.Environment[m[1]] = "value" // it is required
	}
	_, err := loader.LoadWithContext(context.Background(), details, func(o *loader.Options) {
		o.SkipConsistencyCheck, o.SkipResolveEnvironment, o.SkipExtends, o.SkipInclude = true, true, true, true
		o.SetProjectName("shop", true)
	})
	return err
}

var transcript = regexp.MustCompile("(?m)^<!-- transcript: (\\S+) -->\n```console\n(\\$ [^\n]+\n)((?s:.*?))^```$")

// A transcript is what the program prints for the report of a test. go test ./docs -run Transcripts -golden writes them
// again.
func TestTranscripts(t *testing.T) {
	found := 0
	for page, text := range documents.Read(t, "..") {
		marked := transcript.FindAllStringIndex(text, -1)
		found += len(marked)
		if all := strings.Count(text, "```console\n"); all != len(marked) {
			t.Errorf("%s: %d of %d blocks of language console have no line <!-- transcript: FILE --> that says where their text comes from", page, all-len(marked), all)
		}
		made := transcript.ReplaceAllStringFunc(text, func(block string) string {
			m := transcript.FindStringSubmatch(block)
			printed, err := os.ReadFile(filepath.Join("..", m[1]))
			if err != nil {
				t.Errorf("%s: %v", page, err)
				return block
			}
			return "<!-- transcript: " + m[1] + " -->\n```console\n" + m[2] + string(printed) + "```"
		})
		switch {
		case made == text:
		case *update:
			if err := os.WriteFile(filepath.Join("..", page), []byte(made), 0o644); err != nil {
				t.Fatal(err)
			}
		default:
			t.Errorf("%s: a transcript is not what the program prints; run go test ./docs -run Transcripts -golden", page)
		}
	}
	if found == 0 {
		t.Error("there is no transcript")
	}
}

// The targets of make that the documents name are there.
func TestMakeTargets(t *testing.T) {
	makefile, err := os.ReadFile("../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	called := regexp.MustCompile("(?m)(?:^|`)make ([a-z][a-z0-9-]*)")
	for page, text := range documents.Read(t, "..") {
		for _, m := range called.FindAllStringSubmatch(text, -1) {
			if !regexp.MustCompile(`(?m)^([a-z0-9-]+ )*` + regexp.QuoteMeta(m[1]) + `( [a-z0-9-]+)*:`).Match(makefile) {
				t.Errorf("%s: the Makefile has no target %s", page, m[1])
			}
		}
	}
}
