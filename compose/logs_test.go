package compose

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// What the engine writes in any pieces becomes the same lines.
func TestLogLines(t *testing.T) {
	const text = "2026-11-20T11:45:00.5Z first\n2026-11-20T11:45:01Z \nno time here\r\n2026-11-20T11:45:02Z last"
	for size := 1; size <= len(text); size += 7 {
		var got []string
		w := &logWriter{stream: "stdout", each: func(l LogLine) error {
			got = append(got, fmt.Sprint(l.At.UnixMilli(), l.Stream, " ", l.Text))
			return nil
		}}
		for rest := text; rest != ""; rest = rest[min(size, len(rest)):] {
			if _, err := w.Write([]byte(rest[:min(size, len(rest))])); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.flush(); err != nil {
			t.Fatal(err)
		}
		at := time.Date(2026, 11, 20, 11, 45, 0, 0, time.UTC).UnixMilli()
		want := []string{fmt.Sprint(at+500, "stdout first"), fmt.Sprint(at+1000, "stdout "), fmt.Sprint(time.Time{}.UnixMilli(), "stdout no time here"), fmt.Sprint(at+2000, "stdout last")}
		if strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("in pieces of %d: %q, want %q", size, got, want)
		}
	}
}

// A line without an end does not fill the memory, and an error of the reader ends it.
func TestLogLineIsBounded(t *testing.T) {
	lines := 0
	w := &logWriter{each: func(LogLine) error { lines++; return nil }}
	for range 10 {
		if _, err := w.Write(make([]byte, longestLine)); err != nil || len(w.rest) > 0 {
			t.Fatalf("%v, %d bytes are held", err, len(w.rest))
		}
	}
	if lines != 10 {
		t.Errorf("%d lines", lines)
	}
	gone := errors.New("the reader is gone")
	w = &logWriter{each: func(LogLine) error { return gone }}
	if _, err := w.Write([]byte("a\nb\n")); !errors.Is(err, gone) {
		t.Errorf("%v", err)
	}
}

func TestLogOptionsThatAreWrong(t *testing.T) {
	for since, ok := range map[string]bool{"": true, "10m": true, "2h30m": true, "2026-11-20T11:45:00Z": true, "2026-11-20": true, "1795175100": true, "soon": false, "10 minutes": false} {
		if err := (LogOptions{Since: since}).Check(); (err == nil) != ok {
			t.Errorf("%q: %v", since, err)
		}
	}
}
