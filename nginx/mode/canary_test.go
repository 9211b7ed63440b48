package mode

import (
	"strings"
	"testing"
	"time"

	"bluegate/deploy/model"
	"bluegate/nginx/conf"
	"bluegate/testdata/nginxtest"
)

type named string

func (n named) String() string { return string(n) }

func TestCanaryFile(t *testing.T) {
	files := managedExample(t)
	file := files[model.Blue]
	file.SwitchID = "20261120T114500-7f3a0000"
	file.sides = &sides{to: model.Green, weight: 5, by: "$remote_addr", cookie: "c1", new: files[model.Green].Upstreams}
	text := string(file.Render())
	for _, want := range []string{
		"# colour blue\n# canary green 5\n\nsplit_clients \"$remote_addr\" $bluegate_chosen {\n    5% -new;\n    * \"\";\n}\n",
		"map $cookie_bluegate_side $bluegate_side {\n    \"c1\" -new;\n    default $bluegate_chosen;\n}\n",
		"    was-new \"bluegate_side=c1; Path=/; HttpOnly; SameSite=Lax\";\n",
		"upstream was {\n    server was-blue:3000 max_fails=0;",
		"upstream was-new {\n    server was-green:3002 max_fails=0;",
		"location = /bluegate/route/was-new {\n        proxy_pass http://was-new/;",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the file does not hold\n%s\nbut\n%s", want, text)
		}
	}
	if _, err := conf.Parse("x.conf", []byte(text)); err != nil {
		t.Error(err)
	}
	if colour, _, err := readManaged("x.conf", []byte(text)); err != nil || colour != model.Blue {
		t.Errorf("%s, %v", colour, err)
	}
	if share, _ := readOther([]byte(text)); share == nil || *share != (model.CanaryShare{Colour: model.Green, Weight: 5}) {
		t.Errorf("%+v", share)
	}
	file.sides = nil
	if share, _ := readOther(file.Render()); share != nil {
		t.Errorf("without a canary: %+v", share)
	}
	var paths []string
	file.sides = &sides{to: model.Green, weight: 5, by: "$remote_addr", cookie: "c1", new: files[model.Green].Upstreams}
	for _, p := range file.proofsOfSide() {
		paths = append(paths, p.URL)
	}
	if got := strings.Join(paths, " "); got != "http://127.0.0.1:8099/bluegate/token http://127.0.0.1:8099/bluegate/route/signal-new http://127.0.0.1:8099/bluegate/route/was-new" {
		t.Error(got)
	}
}

// canaryOf is mode managed over a configuration that holds its file and these sites.
func canaryOf(t *testing.T, own, sites string) (managed, Configuration) {
	t.Helper()
	files := managedExample(t)
	m := managed{to: "/etc/nginx/conf.d/00-bluegate.conf", files: files, canary: Canary{Steps: []Step{{5, time.Minute}, {25, time.Minute}}, By: "$remote_addr"}}
	if own == "" {
		blue := files[model.Blue]
		blue.SwitchID = NewSwitchID()
		own = string(blue.Render())
	}
	source := nginxtest.Files{"/etc/nginx/nginx.conf": "http { include conf.d/*.conf; }", m.to: own, "/etc/nginx/conf.d/shop.conf": sites}.Source()
	tree, err := conf.LoadTree(source, "/etc/nginx/nginx.conf")
	if err != nil {
		t.Fatal(err)
	}
	return m, Configuration{Nginx: named("nginx"), Files: source, Main: "/etc/nginx/nginx.conf", Tree: tree}
}

func TestCanaryTakesPart(t *testing.T) {
	const shop = "/etc/nginx/conf.d/shop.conf:"
	for _, test := range []struct{ name, own, sites, want string }{
		{"all edited", "", "server { location / { proxy_pass http://was$bluegate_side; } location /s { grpc_pass grpc://signal$bluegate_side; } }", ""},
		{"none edited", "", "server { location / { proxy_pass http://was; }\nlocation /s { proxy_pass http://signal$bluegate_side; } }", shop + "1: proxy_pass http://was; becomes proxy_pass http://was$bluegate_side;"},
		{"of another application", "", "server { location / { proxy_pass http://wiki:80; } location /a { proxy_pass http://wasp; } }", ""},
		{"with a path", "", "server { location / { proxy_pass http://was/; } }", "with a variable nginx would send every request to that path"},
		{"with the side and a path", "", "server { location / { proxy_pass http://was$bluegate_side/a; } }", "with a variable nginx would send every request to that path"},
		{"in another case", "", "server { location / { proxy_pass http://WAS; } }", "becomes proxy_pass http://was$bluegate_side;"},
		{"a file of an older version", "# nothing\n", "server { location / { proxy_pass http://was; } }", "was written by an older bluegate"},
		{"a cache with one key", "", "proxy_cache_key $uri;\nserver { proxy_cache all; location / { proxy_pass http://was$bluegate_side; } }", shop + "1: answers of both colours would be cached under one key; write proxy_cache_key \"$uri$bluegate_side\";"},
		{"a cache that tells them apart", "", "proxy_cache_key $proxy_host$uri;\nserver { proxy_cache all; location / { proxy_pass http://was$bluegate_side; } }", ""},
		{"a key and no cache", "", "proxy_cache_key $uri;\nserver { proxy_cache off; location / { proxy_pass http://was$bluegate_side; } }", ""},
		{"two applications", "", "map \"\" $bluegate_side { default \"\"; }\nserver { location / { proxy_pass http://was$bluegate_side; } }", shop + "1: $bluegate_side is defined here too"},
	} {
		m, c := canaryOf(t, test.own, test.sites)
		err := m.takesPart(c, m.to, forCanary)
		switch {
		case test.want == "" && err != nil:
			t.Errorf("%s: %v", test.name, err)
		case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want) || model.ReasonsOf(err)[0].Code != model.CanaryIncomplete):
			t.Errorf("%s: %v, want %q", test.name, err, test.want)
		}
	}
}

func TestCanarySteps(t *testing.T) {
	m, c := canaryOf(t, "", "server { location / { proxy_pass http://was$bluegate_side; } location /s { proxy_pass http://signal$bluegate_side; } }")
	change := model.Change{To: model.Green, Files: []model.FileChange{{Path: m.to, Old: []byte("now"), New: []byte("then")}}}
	steps, err := m.Steps(c, model.Route{Names: model.Blue}, change)
	if err != nil || len(steps) != 2 {
		t.Fatalf("%d steps, %v", len(steps), err)
	}
	for i, weight := range []int{5, 25} {
		s := steps[i]
		if share, _ := readOther(s.Files[0].New); s.Weight != weight || share == nil || share.Weight != weight || string(s.Files[0].Old) != "now" || len(s.Proofs) != 3 {
			t.Errorf("step %d: %+v", i, s)
		}
	}
	if again, err := m.Steps(c, model.Route{Names: model.Green}, change); err != nil || len(again) != 0 {
		t.Errorf("to the colour that is live: %d steps, %v", len(again), err)
	}
}

func TestCanarySettings(t *testing.T) {
	for _, test := range []struct {
		name string
		c    Canary
		want string
	}{
		{"none", Canary{}, ""},
		{"good", Canary{Steps: []Step{{5, time.Minute}, {25, time.Second}}, By: "$remote_addr"}, ""},
		{"a key of two", Canary{Steps: []Step{{5, time.Minute}}, By: "${remote_addr}${http_x_user}"}, ""},
		{"no variable", Canary{Steps: []Step{{5, time.Minute}}, By: "remote_addr"}, "canary.by"},
		{"no key", Canary{Steps: []Step{{5, time.Minute}}}, "canary.by"},
		{"a directive", Canary{Steps: []Step{{5, time.Minute}}, By: "$remote_addr\" { } include /etc/passwd; \""}, "canary.by"},
		{"smaller", Canary{Steps: []Step{{25, time.Minute}, {5, time.Minute}}, By: "$remote_addr"}, "canary.steps[1]"},
		{"all", Canary{Steps: []Step{{100, time.Minute}}, By: "$remote_addr"}, "canary.steps[0]"},
		{"none of them", Canary{Steps: []Step{{0, time.Minute}}, By: "$remote_addr"}, "canary.steps[0]"},
		{"no time", Canary{Steps: []Step{{5, 0}}, By: "$remote_addr"}, "canary.steps[0]"},
	} {
		err := test.c.check(map[string]string{"was": "was-blue:1"})
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	if err := (Canary{Steps: []Step{{5, time.Minute}}, By: "$remote_addr"}).check(map[string]string{"was": "a", "was-new": "b"}); err == nil {
		t.Error("two upstreams of one name")
	}
}
