package ui

import (
	"bytes"
	"strings"
	"testing"
)

// Without a terminal, only what changed is written, one below the other.
func TestScreenWithoutATerminal(t *testing.T) {
	var b bytes.Buffer
	s := NewScreen(&b)
	for _, text := range []string{"one\n", "one\n", "two\n", "two\n", "one\n"} {
		if err := s.Show(text, "now"); err != nil {
			t.Fatal(err)
		}
	}
	if b.String() != "one\n\ntwo\n\none\n" {
		t.Errorf("%q", b.String())
	}
}

// On a terminal each text takes the place of the one before, and is cut to the window.
func TestScreenOnATerminal(t *testing.T) {
	var b bytes.Buffer
	columns, lines := 10, 4
	s := NewScreen(&b)
	s.size = func() (int, int, bool) { return columns, lines, true }
	for _, text := range []string{"a \x1b[32mline\x1b[m that is too long\nb\n", "1\n2\n3\n4\n5\n"} {
		if err := s.Show(text, "now"); err != nil {
			t.Fatal(err)
		}
	}
	want := "\x1b[2J\x1b[Ha \x1b[32mline\x1b[m th…\x1b[K\r\nb\x1b[K\r\n\x1b[K\r\nnow\x1b[K\x1b[J" + "\x1b[H1\x1b[K\r\n2\x1b[K\r\n3\x1b[K\r\nnow\x1b[K\x1b[J"
	if b.String() != want {
		t.Errorf("got\n%q\nwant\n%q", b.String(), want)
	}
	if strings.Count(b.String(), "\x1b[2J") != 1 {
		t.Error("the screen is cleared each time")
	}
}
