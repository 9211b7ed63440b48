package adopt

import (
	"strings"

	"github.com/goccy/go-yaml"
)

// Completed is an existing bluegate.yml with the sections of a proposal that it does not have. What it has stays byte for
// byte.
func Completed(have string, p Proposal) string {
	if have == "" {
		return p.YAML()
	}
	var sections map[string]any
	if yaml.Unmarshal([]byte(have), &sections) != nil {
		return have
	}
	out := have
	for _, section := range p.sections() {
		name, _, _ := strings.Cut(section, ":")
		if _, there := sections[name]; there {
			continue
		}
		if out != "" && !strings.HasSuffix(out, "\n") {
			out += "\n"
		}
		out += section
	}
	return out
}

// sections are the sections of the file, each with all its lines.
func (p Proposal) sections() (all []string) {
	for line := range strings.Lines(p.YAML()) {
		if strings.HasPrefix(line, " ") && len(all) > 0 {
			all[len(all)-1] += line
			continue
		}
		all = append(all, line)
	}
	return all
}
