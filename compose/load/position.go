package load

import (
	"fmt"
	"slices"
	"strings"
)

// Positions finds places in the files that were read.
type Positions struct {
	files []string
	docs  []document
}

// Locate reads the files in which to find places.
func Locate(files []string) Positions { return Positions{files: files, docs: documents(files)} }

// service returns the line of a service; later files override earlier ones. A service that is in none of them is in a
// file that they include: then it returns the names of all files.
func (l Positions) service(name string) string {
	for _, doc := range slices.Backward(l.docs) {
		for _, e := range doc.entriesAt("services." + name) {
			return fmt.Sprintf("%s:%d", doc.file, e.name.Line)
		}
	}
	return strings.Join(l.files, ", ")
}

// Where returns the place of a path, or of the nearest parent that exists.
func (l Positions) Where(path string) string {
	if found, ok := l.at(path, ""); ok {
		return found.String()
	}
	return strings.Join(l.files, ", ")
}

// at finds a path in the last file that has it. If several items of a list match, it returns the one that the message
// mentions.
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
