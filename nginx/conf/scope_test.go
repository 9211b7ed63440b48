package conf

import (
	"strings"
	"testing"
)

// walked lists each directive of a name with its place and the value of a setting that holds there.
func walked(t *testing.T, src files, name, setting string) string {
	t.Helper()
	tree, err := LoadTree(src, "/etc/nginx/nginx.conf")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	Assemble(tree).Walk(func(s *Scope, d Placed) {
		if d.Name.Value == name {
			at, _ := s.Setting(setting)
			out = append(out, d.Place()+" "+d.Value()+" "+at.Value())
		}
	})
	return strings.Join(out, "\n")
}

func TestScopesFollowIncludes(t *testing.T) {
	src := files{
		"/etc/nginx/nginx.conf":    "http {\n include timeouts.conf;\n include conf.d/*.conf;\n}\n",
		"/etc/nginx/timeouts.conf": "proxy_connect_timeout 9s;\n",
		"/etc/nginx/conf.d/a.conf": "server {\n location / { proxy_pass http://a; }\n location /b { include snippet.inc; proxy_pass http://b; }\n}\n",
		"/etc/nginx/conf.d/b.conf": "server { proxy_connect_timeout 1s; proxy_connect_timeout 2s;\n location / { proxy_pass http://c; }\n location /d { include snippet.inc; proxy_pass http://d; } }\n",
		"/etc/nginx/snippet.inc":   "proxy_connect_timeout 3s;\nproxy_pass_header X;\n",
	}
	want := "/etc/nginx/conf.d/a.conf:2 http://a 9s\n/etc/nginx/conf.d/a.conf:3 http://b 3s\n/etc/nginx/conf.d/b.conf:2 http://c 2s\n/etc/nginx/conf.d/b.conf:3 http://d 3s"
	if got := walked(t, src, "proxy_pass", "proxy_connect_timeout"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	// A snippet that is included twice is walked twice.
	want = "/etc/nginx/snippet.inc:2 X 3s\n/etc/nginx/snippet.inc:2 X 3s"
	if got := walked(t, src, "proxy_pass_header", "proxy_connect_timeout"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestScopeKnowsItsBlocks(t *testing.T) {
	tree, err := LoadTree(files{
		"/etc/nginx/nginx.conf": "worker_processes 2;\nhttp { upstream was { server a:1; keepalive 8; } server { listen 80; } }\nstream { server { listen 81; } }\n",
	}, "/etc/nginx/nginx.conf")
	if err != nil {
		t.Fatal(err)
	}
	top := Assemble(tree)
	if _, ok := top.Own("listen"); ok {
		t.Error("a directive of an inner block is the top's own")
	}
	if d, ok := top.Own("worker_processes"); !ok || d.Value() != "2" || d.Place() != "/etc/nginx/nginx.conf:1" {
		t.Errorf("worker_processes is %v", d)
	}
	found := map[string]string{}
	top.Walk(func(s *Scope, d Placed) {
		switch d.Name.Value {
		case "listen":
			found[d.Value()] = map[bool]string{true: "http"}[s.Within("http")] + map[bool]string{true: "stream"}[s.Within("stream")]
		case "upstream":
			keepalive, _ := s.Inner(d).Own("keepalive")
			found[d.Value()] = keepalive.Value()
		}
	})
	if found["80"] != "http" || found["81"] != "stream" || found["was"] != "8" {
		t.Errorf("found %v", found)
	}
	if got := len(Assemble(nil).Items); got != 0 {
		t.Errorf("nothing has %d directives", got)
	}
}
