package adopt

import (
	"bytes"
	"io/fs"
	"path"
	"slices"
	"strings"

	"bluegate/deploy/model"
)

// prepared is one nginx file per colour, and the live file that is a copy of one of them or a link to it.
type prepared struct {
	From, To string
	Link     bool
}

// preparedFiles finds a live file by its content, which equals that of a colour's own file. No script is needed for
// this.
func preparedFiles(dir fs.FS) []prepared {
	var names []string
	walk(dir, 4, func(name string) {
		if ext := path.Ext(name); ext == ".conf" || ext == ".inc" || strings.Contains(path.Base(name), ".conf.") || strings.Contains(path.Base(name), ".conf-") {
			names = append(names, name)
		}
	})
	var out []prepared
	for _, blue := range names {
		pattern := colourPattern(blue)
		green := expandColour(pattern, model.Green)
		if colourIn(blue) != model.Blue || !slices.Contains(names, green) {
			continue
		}
		a, b := read(dir, blue), read(dir, green)
		if a == nil || b == nil || bytes.Equal(trimmed(a), trimmed(b)) {
			continue
		}
		for _, live := range names {
			if live == blue || live == green {
				continue
			}
			if to := read(dir, live); to != nil && (bytes.Equal(trimmed(to), trimmed(a)) || bytes.Equal(trimmed(to), trimmed(b))) {
				out = append(out, prepared{pattern, live, isLink(dir, live)})
			}
		}
	}
	return out
}

func trimmed(text []byte) []byte { return bytes.TrimRight(text, " \t\r\n") }

func isLink(dir fs.FS, name string) bool {
	links, ok := dir.(fs.ReadLinkFS)
	if !ok {
		return false
	}
	info, err := links.Lstat(name)
	return err == nil && info.Mode()&fs.ModeSymlink != 0
}
