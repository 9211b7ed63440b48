package conf

import (
	"fmt"
	"strings"
	"testing"
)

func TestApply(t *testing.T) {
	const src = "ab\ncdef"
	for _, tt := range []struct {
		name  string
		edits []Edit
		want  string // the result, or with "!" the error
	}{
		{"none", nil, src},
		{"in any order", []Edit{{5, 6, "e", "E!"}, {0, 1, "a", ""}}, "b\ncdE!f"},
		{"side by side", []Edit{{0, 1, "a", "1"}, {1, 2, "b", "2"}}, "12\ncdef"},
		{"all of it", []Edit{{0, 7, src, ""}}, ""},
		{"insertion", []Edit{{7, 7, "", "g"}, {0, 0, "", "_"}}, "_ab\ncdefg"},
		{"insertion behind a replacement", []Edit{{1, 1, "", "+"}, {0, 1, "a", "A"}}, "A+b\ncdef"},
		{"other bytes", []Edit{{0, 1, "a", "A"}, {3, 5, "xx", ""}}, `!edit at line 2, column 1: found "cd", expected "xx"`},
		{"other length", []Edit{{3, 5, "c", ""}}, `!edit at line 2, column 1: found "cd", expected "c"`},
		{"overlap", []Edit{{4, 6, "de", ""}, {3, 5, "cd", ""}}, "!edit at line 2, column 2: overlaps another edit"},
		{"twice", []Edit{{1, 2, "b", "B"}, {1, 2, "b", "B"}}, "!edit at line 1, column 2: overlaps another edit"},
		{"two insertions at one place", []Edit{{1, 1, "", "x"}, {1, 1, "", "y"}}, "!edit at line 1, column 2: overlaps another edit"},
		{"behind the end", []Edit{{6, 8, "f", ""}}, "!edit of bytes 6 to 8: out of range, the file has 7"},
		{"before the start", []Edit{{-1, 1, "a", ""}}, "!edit of bytes -1 to 1: out of range, the file has 7"},
		{"backwards", []Edit{{2, 1, "", ""}}, "!edit of bytes 2 to 1: out of range, the file has 7"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := []byte(src)
			out, err := Apply(in, tt.edits)
			got := string(out)
			if err != nil {
				got = "!" + err.Error()
			}
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if string(in) != src {
				t.Errorf("src was changed: %q", in)
			}
		})
	}
}

// The way in which a switch uses the package: every point of one address becomes another, all else stays.
func ExampleApply() {
	src := []byte("upstream was {\n\tserver  was-blue:3000 max_fails=0; # not was-green\n}\n")
	f, err := Parse("/etc/nginx/conf.d/was.conf", src)
	if err != nil {
		fmt.Println(err)
		return
	}
	var edits []Edit
	for _, p := range f.Points() {
		if p.Host == "was-blue" && p.Port == "3000" {
			edits = append(edits, Edit{p.Start, p.End, "was-blue:3000", "was-green:3000"})
		}
	}
	out, err := Apply(src, edits)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(strings.ReplaceAll(string(out), "\t", "  "))
	// Output:
	// upstream was {
	//   server  was-green:3000 max_fails=0; # not was-green
	// }
}
