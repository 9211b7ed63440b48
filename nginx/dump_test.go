package nginx

import (
	"strings"
	"testing"

	"bluegate/nginx/conf"
)

// What nginx 1.22 and 1.30 print, word for word.
const (
	saidUpstream = "2026/11/21 04:24:29 [emerg] 1#1: host not found in upstream \"was-green:3000\" in /etc/nginx/conf.d/default.conf:5\n" +
		"nginx: configuration file /etc/nginx/nginx.conf test failed\n"
	saidTwice = "nginx: [emerg] host not found in upstream \"was-green\" in /etc/nginx/conf.d/default.conf:5\n" +
		"2026/11/21 04:24:29 [warn] 1#1: conflicting server name \"_\" on 0.0.0.0:80, ignored\n" + saidUpstream
	saidLog = "nginx: the configuration file /etc/nginx/nginx.conf syntax is ok\n" +
		"2026/11/21 04:24:34 [emerg] 1#1: open() \"/nope/x.log\" failed (2: No such file or directory)\n" +
		"nginx: configuration file /etc/nginx/nginx.conf test failed\n"
	saidUnknown = "nginx: [emerg] unknown directive \"listne\" in /etc/nginx/conf.d/x.conf:1\n" +
		"nginx: configuration file /etc/nginx/nginx.conf test failed\n"
	saidNotFound = "OCI runtime exec failed: exec failed: \"nginx\": executable file not found in $PATH: unknown\n"
)

func TestComplaint(t *testing.T) {
	for name, test := range map[string]struct{ said, want string }{
		"one":       {saidUpstream, `[emerg] host not found in upstream "was-green:3000" in /etc/nginx/conf.d/default.conf:5`},
		"stderr":    {saidUnknown, `[emerg] unknown directive "listne" in /etc/nginx/conf.d/x.conf:1`},
		"syntax ok": {saidLog, `[emerg] open() "/nope/x.log" failed (2: No such file or directory)`},
		"several":   {saidTwice, `[emerg] host not found in upstream "was-green" in /etc/nginx/conf.d/default.conf:5; [emerg] host not found in upstream "was-green:3000" in /etc/nginx/conf.d/default.conf:5`},
		"again":     {saidUpstream + strings.ReplaceAll(saidUpstream, "04:24:29", "04:24:30") + strings.ReplaceAll(saidUpstream, "1#1", "7#7"), `[emerg] host not found in upstream "was-green:3000" in /etc/nginx/conf.d/default.conf:5`},
		"other":     {saidNotFound, strings.TrimSpace(saidNotFound)},
		"escapes":   {"[emerg] \x1b[31mred\x1b[0m\n", "[emerg] [31mred[0m"},
		"nothing":   {"", ""},
	} {
		if got := complaint(test.said); got != test.want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, test.want)
		}
	}
}

func TestUnresolved(t *testing.T) {
	for said, want := range map[string]string{
		saidUpstream: "was-green",
		saidTwice:    "was-green",
		`[emerg] 1#1: host not found in upstream "No-Such.example" in x:1`:          "No-Such.example",
		`[emerg] 1#1: host not found in resolver "dns" in x:1`:                      "dns",
		`[emerg] 1#1: host not found in "edge:80" of the "listen" directive in x:1`: "edge",
		`[emerg] 1#1: host not found in set_real_ip_from "lb" in x:1`:               "lb",
		saidUnknown:  "",
		saidLog:      "",
		saidNotFound: "",
		"":           "",
	} {
		host, ok := unresolved(said)
		if host != want || ok != (want != "") {
			t.Errorf("%q: %q, %t; want %q", said, host, ok, want)
		}
	}
}

func TestDiffers(t *testing.T) {
	file := func(path, src string) *conf.File { return &conf.File{Path: path, Src: []byte(src)} }
	const dump = "# configuration file /e/nginx.conf:\nmain\n\n# configuration file /e/./a.conf:\na\n\n# configuration file /e/b.conf:\nb\n\n"
	main, a, b := file("/e/nginx.conf", "main\n"), file("/e/a.conf", "a\n"), file("/e/b.conf", "b\n")
	for name, test := range map[string]struct {
		tree   []*conf.File
		absent map[string][]byte
		want   string
	}{
		"the same":                 {[]*conf.File{main, a, b}, nil, ""},
		"an included one is stale": {[]*conf.File{main, a, file("/e/b.conf", "new\n")}, nil, "/e/b.conf"},
		"one is longer":            {[]*conf.File{main, file("/e/a.conf", "a\n\n\nmore\n"), b}, nil, "/e/a.conf"},
		"one is not seen":          {[]*conf.File{main, a, b, file("/e/c.conf", "c\n")}, nil, "/e/c.conf"},
		"one that is to be made":   {[]*conf.File{main, a, b, file("/e/c.conf", "c\n")}, map[string][]byte{"/e/c.conf": nil}, ""},
		"only nginx sees one":      {[]*conf.File{main, b}, nil, "/e/a.conf"},
	} {
		if got := differs([]byte(dump), test.tree, test.absent); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
	quoting := "# configuration file /srv/was.conf:\n"
	if got := differs([]byte("# configuration file /e/nginx.conf:\n"+quoting+"\n"), []*conf.File{file("/e/nginx.conf", quoting)}, nil); got != "" {
		t.Errorf("a comment that looks like a header: %q", got)
	}
}

func TestShows(t *testing.T) {
	const path = "/etc/nginx/conf.d/default.conf"
	dump := func(files ...string) string { // path, content, path, content
		var b strings.Builder
		for i := 0; i < len(files); i += 2 {
			b.WriteString("# configuration file " + files[i] + ":\n" + files[i+1] + "\n")
		}
		return b.String()
	}
	const main, ours = "http { include conf.d/*.conf; }\n", "upstream was { server was-blue:3000; }\n"
	for name, test := range map[string]struct {
		dump string
		want bool
	}{
		"last":              {dump("/etc/nginx/nginx.conf", main, path, ours), true},
		"first":             {dump(path, ours, "/etc/nginx/mime.types", "types {}\n"), true},
		"other bytes":       {dump(path, strings.Replace(ours, "blue", "green", 1)), false},
		"more behind them":  {dump(path, ours+"server {}\n"), false},
		"fewer":             {dump(path, ours[:10]), false},
		"not included":      {dump("/etc/nginx/nginx.conf", main), false},
		"longer name":       {dump(path+".bak", ours), false},
		"other folder":      {dump("/srv"+path, ours), false},
		"in another's text": {dump("/etc/nginx/nginx.conf", "# configuration file "+path+":\n"+main, path, ours), true},
		// nginx prints a path as the include spells it.
		"spelled ./":        {dump("/etc/nginx/./conf.d/default.conf", ours), true},
		"spelled //":        {dump("/etc/nginx//conf.d/default.conf", ours), true},
		"spelled otherwise": {dump("/etc/nginx//conf.d/default.conf", "other\n"), false},
	} {
		if got := shows([]byte(test.dump), path, []byte(ours)); got != test.want {
			t.Errorf("%s: %t, want %t in\n%s", name, got, test.want, test.dump)
		}
	}
	for _, content := range []string{"", "no line end", "\n\n", "a\r\nb\r\n"} {
		if !shows([]byte(dump("/etc/nginx/nginx.conf", main, path, content, "/etc/nginx/x", "x\n")), path, []byte(content)) {
			t.Errorf("%q is not found", content)
		}
	}
}
