package model

import (
	"bytes"
	"slices"
	"time"
)

// Over is the change from what now makes of the files to what c makes of them, where both begin with the same files. A file
// that both make the same is left out, except the one that says until when requests are logged.
func (c Change) Over(now Change) Change {
	c.Files = slices.Clone(c.Files)
	for i, f := range c.Files {
		if made := now.file(f.Path); made != nil {
			c.Files[i].Old, c.Files[i].OldLink, c.Files[i].OldTime = made.New, made.Link, time.Time{}
		}
	}
	c.Files = slices.DeleteFunc(c.Files, func(f FileChange) bool {
		return f.Path != c.Gate && f.Link == f.OldLink && (f.Old == nil) == (f.New == nil) && bytes.Equal(f.Old, f.New)
	})
	return c
}

// Then is c and the change after it as one: from the files before c to those after next. What next says besides its files
// holds.
func (c Change) Then(next Change) Change {
	next.Files = slices.Clone(next.Files)
	for i, f := range next.Files {
		if before := c.file(f.Path); before != nil {
			next.Files[i].Old, next.Files[i].OldLink, next.Files[i].OldTime = before.Old, before.OldLink, before.OldTime
		}
	}
	for _, f := range c.Files {
		if next.file(f.Path) == nil {
			next.Files = append(next.Files, f)
		}
	}
	return next
}

// Reversed is the change that undoes c. Afterwards nginx names the colour.
func (c Change) Reversed(colour Colour) Change {
	c.To, c.Files, c.Workers = colour, slices.Clone(c.Files), nil
	for i, f := range c.Files {
		c.Files[i] = f.Reverse()
	}
	return c
}

// file is the change of one file; nil: there is none.
func (c Change) file(path string) *FileChange {
	if at := slices.IndexFunc(c.Files, func(f FileChange) bool { return f.Path == path }); at >= 0 {
		return &c.Files[at]
	}
	return nil
}
