package conf

import (
	"errors"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"testing"
)

// files is a Source in memory. Its Glob leaves order and hidden names to LoadTree.
type files map[string]string

func (s files) Read(name string) ([]byte, error) {
	if text, ok := s[name]; ok {
		return []byte(text), nil
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

func (s files) Glob(pattern string) ([]string, error) {
	var names []string
	for name := range s {
		ok, err := path.Match(pattern, name)
		if err != nil {
			return nil, err
		}
		if ok {
			names = append(names, name)
		}
	}
	return names, nil
}

func TestLoadTree(t *testing.T) {
	for _, tt := range []struct {
		name, main string
		src        files
		want       string // the files, or with "!" the error
	}{
		{"alone", "/n/nginx.conf", files{"/n/nginx.conf": "a;"}, "/n/nginx.conf"},
		{"relative to the main file, from wherever", "/n/nginx.conf",
			files{"/n/nginx.conf": "include d/a;", "/n/d/a": "b { include d/b; }", "/n/d/b": ""}, "/n/nginx.conf /n/d/a /n/d/b"},
		{"relative main file", "nginx.conf", files{"nginx.conf": "include d/a;", "d/a": ""}, "nginx.conf d/a"},
		{"absolute", "/n/nginx.conf", files{"/n/nginx.conf": "include /x/a;", "/x/a": ""}, "/n/nginx.conf /x/a"},
		{"quoted and escaped", "/n/nginx.conf", files{"/n/nginx.conf": `include "a \"b\"";`, `/n/a "b"`: ""}, `/n/nginx.conf /n/a "b"`},
		{"glob in order, hidden names left out", "/n/nginx.conf",
			files{"/n/nginx.conf": "include d/*.conf;", "/n/d/b.conf": "", "/n/d/a.conf": "", "/n/d/B.conf": "", "/n/d/.a.conf": "", "/n/d/c": ""},
			"/n/nginx.conf /n/d/B.conf /n/d/a.conf /n/d/b.conf"},
		{"glob for hidden names", "/n/nginx.conf", files{"/n/nginx.conf": "include .*;", "/n/.a": ""}, "/n/nginx.conf /n/.a"},
		{"glob without match", "/n/nginx.conf", files{"/n/nginx.conf": "include d/*.conf d; include d/[ab]?;"}, "/n/nginx.conf"},
		{"each path once", "/n/nginx.conf",
			files{"/n/nginx.conf": "include a; include ./a; include /n//a; include [a];", "/n/a": ""}, "/n/nginx.conf /n/a"},
		{"depth first, in order", "/n/nginx.conf",
			files{"/n/nginx.conf": "include a; include c;", "/n/a": "include b;", "/n/b": "", "/n/c": "include b;"}, "/n/nginx.conf /n/a /n/b /n/c"},
		{"no main file", "/n/nginx.conf", files{}, "!open /n/nginx.conf: file does not exist"},
		{"missing", "/n/nginx.conf", files{"/n/nginx.conf": "http {\n  include d/a;\n}"},
			"!/n/nginx.conf:2:3: include d/a: open /n/d/a: file does not exist"},
		{"missing below", "/n/nginx.conf", files{"/n/nginx.conf": "include a;", "/n/a": " include b;"},
			"!/n/a:1:2: include b: open /n/b: file does not exist"},
		{"bad pattern", "/n/nginx.conf", files{"/n/nginx.conf": "include [;"}, "!/n/nginx.conf:1:1: include [: syntax error in pattern"},
		{"syntax", "/n/nginx.conf", files{"/n/nginx.conf": "include a;", "/n/a": "b }"}, `!/n/a:1:3: unexpected '}', expecting ";" or "{" for "b" of line 1`},
		{"itself", "/n/nginx.conf", files{"/n/nginx.conf": "include *.conf;"},
			"!/n/nginx.conf:1:1: include *.conf: the file includes itself: /n/nginx.conf → /n/nginx.conf"},
		{"cycle", "/n/nginx.conf", files{"/n/nginx.conf": "include a;", "/n/a": "\ninclude b;", "/n/b": "include a;"},
			"!/n/b:1:1: include a: the file includes itself: /n/nginx.conf → /n/a → /n/b → /n/a"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tree, err := LoadTree(tt.src, tt.main)
			var names []string
			for _, f := range tree {
				names = append(names, f.Path)
			}
			got := strings.Join(names, " ")
			if err != nil {
				got = "!" + err.Error()
			}
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestLoadTreeErrorsCanBeTold(t *testing.T) {
	_, err := LoadTree(files{"/n": "include a;"}, "/n")
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing: %v", err)
	}
	_, err = LoadTree(files{"/n": "include a;", "/a": ";"}, "/n")
	var syntax *SyntaxError
	if !errors.As(err, &syntax) || syntax.Path != "/a" {
		t.Errorf("syntax: %v", err)
	}
}

func TestLoadTreeIsBounded(t *testing.T) {
	chain := files{}
	for i := range 1000 {
		chain["/"+strconv.Itoa(i)] = "include " + strconv.Itoa(i+1) + ";"
	}
	_, err := LoadTree(chain, "/0")
	if want := "/63:1:1: include 64: includes are nested deeper than 64"; err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}

// TestServersInFilesOfTheirOwn holds that a server counts by the block that includes it, also through another file.
func TestServersInFilesOfTheirOwn(t *testing.T) {
	tree, err := LoadTree(files{
		"/n":       "upstream was { include was; } map $a $b { include map; } location / { include proxy; }",
		"/was":     "include servers;",
		"/servers": "server was-blue:3000;",
		"/map":     "server was-blue:3000; was-blue 1;",
		"/proxy":   "proxy_pass http://was-blue:3000;",
	}, "/n")
	if err != nil {
		t.Fatal(err)
	}
	var points, mentions []string
	for _, f := range tree {
		for _, p := range f.Points() {
			points = append(points, p.Path+" "+show(p))
		}
		for _, m := range f.Mentions([]string{"was-blue"}) {
			mentions = append(mentions, m.Path+" "+m.Text)
		}
	}
	if got := strings.Join(points, ", "); got != "/servers server[was] was-blue 3000, /proxy proxy_pass was-blue 3000" {
		t.Errorf("points: %s", got)
	}
	if got := strings.Join(mentions, ", "); got != "/map was-blue:3000, /map was-blue" {
		t.Errorf("mentions: %s", got)
	}
}
