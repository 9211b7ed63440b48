package model

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// A change over another one, and the two as one, lead to the same files.
func TestOverAndThen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		paths := []string{"/a", "/b", "/gate"}
		before := map[string]string{}
		for _, p := range paths {
			before[p] = rapid.StringN(0, 2, -1).Draw(t, "before")
		}
		change := func(label string) Change {
			c := Change{Gate: "/gate"}
			for _, p := range paths {
				if p == "/gate" || rapid.Bool().Draw(t, label+p) {
					c.Files = append(c.Files, FileChange{Path: p, Old: []byte(before[p]), New: []byte(rapid.StringN(0, 2, -1).Draw(t, label)), OldTime: time.Unix(1, 0)})
				}
			}
			return c
		}
		first := change("first")
		second := Change{Gate: "/gate"}
		for _, f := range first.Files { // a step and the next one have the same files
			f.New = []byte(rapid.StringN(0, 2, -1).Draw(t, "second"))
			second.Files = append(second.Files, f)
		}
		apply := func(files map[string]string, c Change) {
			for _, f := range c.Files {
				if files[f.Path] != string(f.Old) {
					t.Fatalf("%s holds %q, and the change begins with %q", f.Path, files[f.Path], f.Old)
				}
				files[f.Path] = string(f.New)
			}
		}
		steps, whole := map[string]string{}, map[string]string{}
		for p, text := range before {
			steps[p], whole[p] = text, text
		}
		step := second.Over(first)
		apply(steps, first)
		apply(steps, step)
		apply(whole, first.Then(step))
		if fmt.Sprint(steps) != fmt.Sprint(whole) {
			t.Fatalf("%v and %v", steps, whole)
		}
	})
}

func TestOver(t *testing.T) {
	file := func(path, old, new string) FileChange {
		return FileChange{Path: path, Old: []byte(old), New: []byte(new), OldTime: time.Unix(1, 0)}
	}
	for name, test := range map[string]struct{ first, second, want []FileChange }{
		"it begins where the first ends":            {[]FileChange{file("/a", "1", "2")}, []FileChange{file("/a", "1", "3")}, []FileChange{{Path: "/a", Old: []byte("2"), New: []byte("3")}}},
		"what both make the same is left out":       {[]FileChange{file("/a", "1", "2")}, []FileChange{file("/a", "1", "2")}, nil},
		"except the gate, which is written again":   {[]FileChange{file("/gate", "1", "2")}, []FileChange{file("/gate", "1", "2")}, []FileChange{{Path: "/gate", Old: []byte("2"), New: []byte("2")}}},
		"nothing there is not the same as an empty": {[]FileChange{{Path: "/a"}}, []FileChange{{Path: "/a", New: []byte{}}}, []FileChange{{Path: "/a", New: []byte{}}}},
		"a link of another target is a change":      {[]FileChange{{Path: "/a", Link: "/b"}}, []FileChange{{Path: "/a", Link: "/c"}}, []FileChange{{Path: "/a", OldLink: "/b", Link: "/c"}}},
		"a file of the second alone is as it was":   {nil, []FileChange{file("/b", "1", "2")}, []FileChange{file("/b", "1", "2")}},
	} {
		got := Change{Gate: "/gate", Files: test.second}.Over(Change{Files: test.first}).Files
		if !slices.EqualFunc(got, test.want, func(a, b FileChange) bool { return reflect.DeepEqual(a, b) }) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestReversed(t *testing.T) {
	c := Change{To: Green, Workers: []string{"7"}, Files: []FileChange{{Path: "/a", Old: []byte("1"), New: []byte("2"), OldLink: "/x", Link: "/y"}}}
	back := c.Reversed(Blue)
	if f := back.Files[0]; back.To != Blue || back.Workers != nil || string(f.Old) != "2" || string(f.New) != "1" || f.OldLink != "/y" || f.Link != "/x" {
		t.Errorf("%+v", back)
	}
	if string(c.Files[0].Old) != "1" {
		t.Error("the change itself was changed")
	}
}
