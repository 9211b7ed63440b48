package load

import (
	"fmt"
	"slices"
	"strings"
)

// Positions looks for places in the files that were read.
type Positions struct {
	files []string
	docs  []document
}

// Locate reads files in which places are to be found.
func Locate(files []string) Positions { return Positions{files: files, docs: documents(files)} }

// service is the line of a service; later files lie over earlier ones. One that stands in none of them, but in a file
// that they include, is somewhere in them all.
func (l Positions) service(name string) string {
	for _, doc := range slices.Backward(l.docs) {
		for _, e := range doc.entriesAt("services." + name) {
			return fmt.Sprintf("%s:%d", doc.file, e.name.Line)
		}
	}
	return strings.Join(l.files, ", ")
}

// Where is the place of a path, or of the nearest part of it that is there.
func (l Positions) Where(path string) string {
	if found, ok := l.at(path, ""); ok {
		return found.String()
	}
	return strings.Join(l.files, ", ")
}

// at finds a path; the last file that has it counts. Where several items of a list match, the one that the rest of the
// message speaks of is meant.
func (l Positions) at(path, message string) (position, bool) {
	for _, doc := range slices.Backward(l.docs) {
		found := doc.entriesAt(path)
		if len(found) == 0 {
			continue
		}
		for _, e := range found {
			if len(found) > 1 && mention(e.value, func(text string) bool { return quotes(message, text) }) != nil {
				return doc.position(e.name), true
			}
		}
		return doc.position(found[0].name), true
	}
	if above := strings.LastIndexAny(path, ".["); above > 0 { // the nearest part of it that is there
		return l.at(path[:above], message)
	}
	return position{}, false
}
