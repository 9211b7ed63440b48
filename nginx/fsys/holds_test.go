package fsys

import "testing"

func TestHolds(t *testing.T) {
	long, short := []byte("server was-green:3000;\n"), []byte("server was-blue:300;\n")
	cut := append([]byte(string(short)), "\n\n"...) // the file is as long as before
	for _, c := range []struct {
		name                string
		content, one, other []byte
		holds               bool
	}{
		{"it", short, short, long, true},
		{"the other one", long, short, long, false},
		{"a write in place that was killed before it cut the file", cut, short, long, true},
		{"the same of the other one", cut, long, short, false},
		{"cut too early", cut[:len(cut)-1], short, long, false},
		{"something else up to that length", append([]byte(string(short)), "#\n"...), short, long, false},
		{"nothing is there", nil, nil, long, true},
		{"nothing is there, and it is an empty file", nil, []byte{}, long, false},
		{"an empty file before it was cut", []byte("\n\n\n"), []byte{}, []byte("abc"), true},
	} {
		if got := Holds(c.content, c.one, c.other); got != c.holds {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
