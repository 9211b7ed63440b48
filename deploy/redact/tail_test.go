package redact

import (
	"strings"
	"testing"
)

func TestTail(t *testing.T) {
	tail := Tail{Size: 10}
	if got := string(tail.Bytes()); got != "" {
		t.Errorf("of nothing: %q", got)
	}
	for _, test := range []struct{ write, want string }{
		{"short", "short"},
		{" and more", "t and more"},
		{strings.Repeat("x", 1000) + "the end", "xxxthe end"},
		{"!", "xxthe end!"},
	} {
		if n, err := tail.Write([]byte(test.write)); n != len(test.write) || err != nil {
			t.Errorf("Write: %d, %v", n, err)
		}
		if got := string(tail.Bytes()); got != test.want {
			t.Errorf("after %.20q: %q, want %q", test.write, got, test.want)
		}
	}
}
