package nginx

import (
	"errors"
	"path"
	"slices"
	"strings"
	"testing"

	"bluegate/deploy/model"
	"bluegate/nginx/conf"
	"bluegate/nginx/instance"
	"bluegate/nginx/mode"
	"bluegate/testdata/nginxtest"
)

const shopSite = "events {}\nhttp { include conf.d/*.conf; server { listen 80; location / { proxy_pass http://was; } } }\n"

// readAs is what a mode makes of a configuration, as Router.read has it.
func readAs(t *testing.T, s mode.Settings, files nginxtest.Files) (*observed, model.Route, error) {
	t.Helper()
	r := New(nil, instance.Options{Settings: s}).over(mountedEdge())
	if r.wrong != nil {
		return r, model.Route{}, r.wrong
	}
	r.conf = mode.Configuration{Nginx: r.found, Files: files.Source(), Main: "/etc/nginx/nginx.conf", SeenAs: func(p string) (string, bool) {
		below, ok := strings.CutPrefix(p, "/srv/shop/nginx/")
		return path.Join("/etc/nginx/conf.d", below), ok
	}}
	absent, err := r.mode.StandIn(r.conf)
	if err != nil {
		return r, model.Route{}, err
	}
	if r.conf.Tree, err = conf.LoadTree(mode.Replaced{Source: r.conf.Files, Changed: absent}, r.conf.Main); err != nil {
		t.Fatal(err)
	}
	route := model.Route{Nginx: r.found.String()}
	r.mode.Observe(r.conf, nginxtest.Addresses(t, "was-{colour} 3000 3000"), &route)
	r.route = route
	return r, route, route.MaySwitch(route.Names.Other())
}

func both(text string) map[model.Colour]string {
	out := map[model.Colour]string{}
	for _, c := range model.Colours {
		out[c] = strings.ReplaceAll(text, "{colour}", string(c))
	}
	return out
}

// ways are all modes that replace a whole file, each with its files while blue is live.
func ways() map[string]struct {
	settings mode.Settings
	live     nginxtest.Files
} {
	up := both("upstream was { server was-{colour}:3000; }\n")
	return map[string]struct {
		settings mode.Settings
		live     nginxtest.Files
	}{
		"copy": {mode.Settings{Mode: "copy", Dir: "/srv/shop", From: both("/etc/nginx/was-{colour}"), To: "nginx/was.conf"},
			nginxtest.Files{"/etc/nginx/was-blue": up[model.Blue], "/etc/nginx/was-green": up[model.Green], "/etc/nginx/conf.d/was.conf": up[model.Blue] + "\n\n"}},
		"template": {mode.Settings{Mode: "template", Dir: "/srv/shop", Text: up, To: "/etc/nginx/conf.d/was.conf"},
			nginxtest.Files{"/etc/nginx/conf.d/was.conf": strings.TrimSpace(up[model.Blue])}},
		"managed": {mode.Settings{Mode: "managed", Upstreams: map[model.Colour]map[string]string{model.Blue: {"was": "was-blue:3000"}, model.Green: {"was": "was-green:3000"}}},
			nginxtest.Files{"/etc/nginx/conf.d/00-bluegate.conf": string(mode.ManagedFile{Colour: model.Blue, SwitchID: "x", Upstreams: map[string]string{"was": "was-blue:3000"}, Listen: mode.ManagedListen}.Render())}},
	}
}

func TestWholeFiles(t *testing.T) {
	dir := nginxtest.Addresses(t, "was-{colour} 3000 3000")
	for name, way := range ways() {
		t.Run(name, func(t *testing.T) {
			files := nginxtest.Files{"/etc/nginx/nginx.conf": shopSite}
			for p, text := range way.live {
				files[p] = text
			}
			r, route, err := readAs(t, way.settings, files)
			if err != nil || route.Names != model.Blue || len(route.Points) != 1 {
				t.Fatalf("names %q with %d points, %v", route.Names, len(route.Points), err)
			}
			same, err := r.Plan(dir, model.Blue)
			if err != nil || !same.Empty() || len(same.Routes) != 1 || same.Routes[0].Colour != model.Blue {
				t.Errorf("to the colour that is named: %+v, %v", same, err)
			}
			change, err := r.Plan(dir, model.Green)
			if err != nil || len(change.Files) != 1 || change.Points != 1 || change.Unloaded {
				t.Fatalf("%+v, %v", change, err)
			}
			f := change.Files[0]
			if string(f.Old) != files[f.Path] || !strings.Contains(string(f.New), "was-green:3000") || strings.Contains(string(f.New), "was-blue") {
				t.Errorf("%s:\n%s", f.Path, f.New)
			}
			want := []model.Endpoint{{Colour: model.Green, Service: "was-green", Host: "was-green", Port: 3000}}
			if !slices.Equal(change.Routes, want) {
				t.Errorf("routes %+v, want %+v", change.Routes, want)
			}
			if proves := len(change.Proofs) == 2; proves != (name == "managed") {
				t.Errorf("proofs %+v", change.Proofs)
			}
			files[f.Path] = string(f.New)
			if _, route, err = readAs(t, way.settings, files); err != nil || route.Names != model.Green {
				t.Errorf("after it %q is named, %v", route.Names, err)
			}
		})
	}
}

func TestWholeFilesThatAreNotThereYet(t *testing.T) {
	dir := nginxtest.Addresses(t, "was-{colour} 3000 3000")
	for name, way := range ways() {
		files := nginxtest.Files{"/etc/nginx/nginx.conf": strings.Replace(shopSite, "conf.d/*.conf", "conf.d/*.con[f]", 1), "/etc/nginx/conf.d/none": ""}
		for p, text := range way.live {
			if !strings.HasSuffix(p, ".conf") {
				files[p] = text
			}
		}
		r, route, err := readAs(t, way.settings, files)
		if err != nil || route.Names != model.None || len(route.Points) > 0 {
			t.Errorf("%s: names %q, %v", name, route.Names, err)
			continue
		}
		change, err := r.Plan(dir, model.Green)
		if err != nil || len(change.Files) != 1 || change.Files[0].Old != nil || change.Files[0].New == nil || len(change.Routes) != 1 {
			t.Errorf("%s: %+v, %v", name, change, err)
		}
	}
}

func TestWholeFilesThatAreRefused(t *testing.T) {
	for name, change := range map[string]struct {
		way, file, text, wrong string
	}{
		"an edit by hand":             {"template", "/etc/nginx/conf.d/was.conf", "upstream was { server was-blue:3000; keepalive 2; }", "is neither blue's nor green's nginx.text"},
		"an edit of ours by hand":     {"managed", "/etc/nginx/conf.d/00-bluegate.conf", "upstream was { server was-blue:3000; }", "is not bluegate's"},
		"the same file twice":         {"copy", "/etc/nginx/was-green", "upstream was { server was-blue:3000; }", "have the same content"},
		"a file of the other colour":  {"copy", "/etc/nginx/conf.d/was.conf", "upstream was { server was-green:3000; }\n", "is what is written for blue, but names was-green:3000"},
		"an address somewhere else":   {"template", "/etc/nginx/conf.d/more.conf", "server { location /x { proxy_pass http://was-blue:3000; } }", "/etc/nginx/conf.d/more.conf:1 (proxy_pass was-blue:3000)"},
		"a variable somewhere else":   {"template", "/etc/nginx/conf.d/more.conf", "server { set $up was-blue:3000; }", "/etc/nginx/conf.d/more.conf:1 (set was-blue:3000)"},
		"a file that nobody includes": {"template", "/etc/nginx/nginx.conf", "events {}", "includes /etc/nginx/conf.d/was.conf"},
	} {
		way := ways()[change.way]
		files := nginxtest.Files{"/etc/nginx/nginx.conf": shopSite}
		for p, text := range way.live {
			files[p] = text
		}
		if name == "a file of the other colour" { // blue's prepared file is wrong
			files["/etc/nginx/was-blue"] = change.text
			files["/etc/nginx/was-green"] += "# green\n"
		}
		files[change.file] = change.text
		_, _, err := readAs(t, way.settings, files)
		var refused *model.RefusedError
		if !errors.As(err, &refused) || !strings.Contains(err.Error(), change.wrong) {
			t.Errorf("%s: %v, want a refusal that says %q", name, err, change.wrong)
		}
	}
}

func TestSettings(t *testing.T) {
	for name, test := range map[string]struct {
		settings mode.Settings
		wrong    string
	}{
		"no to":               {mode.Settings{Mode: "copy", From: both("a-{colour}")}, "nginx.to"},
		"no from":             {mode.Settings{Mode: "link", To: "/x"}, "nginx.from"},
		"one from for both":   {mode.Settings{Mode: "copy", To: "/x", From: both("a")}, "same for both colours"},
		"no text":             {mode.Settings{Mode: "template", To: "/x"}, "nginx.text"},
		"no upstreams":        {mode.Settings{Mode: "managed"}, "nginx.upstreams"},
		"no such mode":        {mode.Settings{Mode: "sed", To: "/x"}, "none of edit"},
		"nothing":             {mode.Settings{}, ""},
		"flag with its file":  {mode.Settings{Mode: "flag", To: "/x"}, ""},
		"flag without a file": {mode.Settings{Mode: "flag"}, "nginx.to"},
	} {
		_, err := test.settings.Build()
		if (err == nil) != (test.wrong == "") || err != nil && !strings.Contains(err.Error(), test.wrong) {
			t.Errorf("%s: %v, want %q", name, err, test.wrong)
		}
	}
}

func TestRetarget(t *testing.T) {
	for _, test := range []struct{ old, from, to, want string }{
		{"was-blue", "/etc/nginx/was-blue", "/etc/nginx/was-green", "was-green"},
		{"./was-blue", "/etc/nginx/was-blue", "/etc/nginx/was-green", "./was-green"},
		{"/etc/nginx/was-blue", "/etc/nginx/was-blue", "/etc/nginx/was-green", "/etc/nginx/was-green"},
		{"../blue/up", "/etc/nginx/blue/up", "/etc/nginx/green/up", "../green/up"},
		{"/a/b", "/etc/nginx/blue/up", "/etc/nginx/green/up", "/etc/nginx/green/up"},
		{"", "/etc/nginx/was-blue", "/etc/nginx/was-green", "../was-green"},
	} {
		if got := mode.Retarget("/etc/nginx/conf.d/up.conf", test.old, test.from, test.to); got != test.want {
			t.Errorf("%+v: %q", test, got)
		}
	}
}

// Two upstreams of which a name chooses one: only the name is edited, in a *_pass or in the value of a named variable.
func TestChosenUpstreams(t *testing.T) {
	dir := nginxtest.Addresses(t, "was-{colour} 3000 3000")
	const pair = "upstream was_blue { server was-blue:3000; }\nupstream was_green { server was-green:3000 %s; }\n"
	for name, test := range map[string]struct {
		site, want string
		values     []string
		resolve    string
		idle       bool
	}{
		"in a pass":             {"server { location / { proxy_pass http://was_blue/x; } }", "server { location / { proxy_pass http://was_green/x; } }", nil, "", true},
		"that resolves later":   {"server { location / { proxy_pass http://was_blue; } }", "server { location / { proxy_pass http://was_green; } }", nil, "resolve", false},
		"in a variable":         {"server { set $up was_blue; proxy_pass http://$up; }", "server { set $up was_green; proxy_pass http://$up; }", []string{"up"}, "", true},
		"the colour's own word": {"map $host $c { default blue; } server { proxy_pass http://was_$c; }", "map $host $c { default green; } server { proxy_pass http://was_$c; }", []string{"c"}, "", false},
	} {
		upstreams := strings.Replace(pair, "%s", test.resolve, 1)
		r, route, err := readAs(t, mode.Settings{Values: test.values}, nginxtest.Files{"/etc/nginx/nginx.conf": upstreams + test.site})
		if err != nil || route.Names != model.Blue {
			t.Errorf("%s: names %q, %v", name, route.Names, err)
			continue
		}
		change, err := r.Plan(dir, model.Green)
		if err != nil || len(change.Files) != 1 || string(change.Files[0].New) != upstreams+test.want {
			t.Errorf("%s: %v, %+v", name, err, change)
		}
		if len(change.Routes) != 1 || change.Routes[0].Service != "was-green" {
			t.Errorf("%s: routes %+v", name, change.Routes)
		}
		if told := slices.ContainsFunc(route.Findings, func(f model.Finding) bool { return f.Code == "idle-name" }); told != test.idle {
			t.Errorf("%s: findings %+v", name, route.Findings)
		}
	}
}

// The value of a variable may have its port where the variable is used. Only the host is edited then.
func TestPortBehindAVariable(t *testing.T) {
	dir := nginxtest.Addresses(t, "was-{colour} 3000 3000")
	const file, location = "/etc/nginx/nginx.conf", " server { location / { proxy_pass http://$backend:3000; } location /ws { proxy_pass http://${backend}:3000/ws$is_args; } }"
	for text, want := range map[string]string{
		"map $cookie_c $backend { default was-blue; }" + location:                                                                              "map $cookie_c $backend { default was-green; }" + location,
		"map $cookie_c $backend { default was-blue; blue was-blue; green was-green; }" + location:                                              "map $cookie_c $backend { default was-green; blue was-blue; green was-green; }" + location,
		"server { set $backend http://was-blue; location / { proxy_pass $backend:3000; } }":                                                    "server { set $backend http://was-green; location / { proxy_pass $backend:3000; } }",
		"server { set $backend was-blue; set $all http://$backend:3000; location / { proxy_pass $all; } }":                                     "server { set $backend was-green; set $all http://$backend:3000; location / { proxy_pass $all; } }",
		"server { set $backend was-blue; location / { proxy_pass http://$backend:9090; } }":                                                    "",
		"server { set $backend was-blue; location / { proxy_pass http://$backend; } }":                                                         "",
		"server { set $backend was-blue; location / { proxy_pass http://$backend:3000$x; } location /y { proxy_pass http://$backend:9090; } }": "",
		"server { set $backend was-blue; location / { proxy_pass http://$backend:30x; } }":                                                     "",
	} {
		r, route, err := readAs(t, mode.Settings{Values: []string{"backend"}}, nginxtest.Files{file: text})
		if want == "" {
			if route.Names != model.None {
				t.Errorf("%s: names %q", text, route.Names)
			}
			continue
		}
		change, planned := r.Plan(dir, model.Green)
		if err != nil || planned != nil || route.Names != model.Blue || len(change.Files) != 1 || string(change.Files[0].New) != want {
			t.Errorf("%s: names %q, %v, %v, %+v", text, route.Names, err, planned, change)
		} else if len(change.Routes) != 1 || change.Routes[0].Address() != "was-green:3000" {
			t.Errorf("%s: routes %+v", text, change.Routes)
		}
	}
	tree, err := conf.LoadTree(nginxtest.Files{file: "map $cookie_c $backend { default was-blue; }" + location}.Source(), file)
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := mode.NamesAny(tree, dir); !ok || err != nil {
		t.Errorf("this nginx does not name the application (%v)", err)
	}
	// The port behind the variable would be wrong for a colour that listens on another one.
	refs, err := mode.ReferencesOf(tree, nginxtest.Addresses(t, "was-{colour} 3000 3001"))
	if err != nil {
		t.Fatal(err)
	}
	points, err := mode.PointsOf(tree, nginxtest.Addresses(t, "was-{colour} 3000 3001"), "backend")
	if err != nil || len(points) != 1 {
		t.Fatalf("%+v, %v", points, err)
	}
	if text, _, err := refs.Counterpart(points[0]); err == nil || !strings.Contains(err.Error(), "write both into the value, was-blue:3000") {
		t.Errorf("%q, %v", text, err)
	}
}

// A value that carries the colour, of a variable that nobody named, is left over.
func TestValuesThatNobodyNamed(t *testing.T) {
	files := nginxtest.Files{"/etc/nginx/nginx.conf": "upstream a { server was-blue:3000; }\nserver { set $up http://was-blue:3000; proxy_pass $up; }"}
	if _, _, err := readAs(t, mode.Settings{}, files); err == nil || !strings.Contains(err.Error(), "/etc/nginx/nginx.conf:2 (set http://was-blue:3000)") {
		t.Errorf("%v", err)
	}
	if _, route, err := readAs(t, mode.Settings{Values: []string{"$up"}}, files); err != nil || len(route.Points) != 2 {
		t.Errorf("%+v, %v", route.Points, err)
	}
	if _, _, err := readAs(t, mode.Settings{Values: []string{"up"}, Files: []string{"/etc/nginx/other.conf"}}, files); err == nil || !strings.Contains(err.Error(), "outside nginx.files") {
		t.Errorf("%v", err)
	}
}

// What a refusal of an edited managed file says to write is written as it is printed, and then the file names the colour
// that it named before.
func TestManagedRemedyIsCarriedOut(t *testing.T) {
	const file = "/etc/nginx/conf.d/00-bluegate.conf"
	way := ways()["managed"]
	for name, edit := range map[string]func(string) string{
		"a line of it":   func(text string) string { return strings.Replace(text, "keepalive 32", "keepalive 16", 1) },
		"its head, too":  func(text string) string { return strings.Replace(text, "# colour blue\n", "", 1) },
		"another server": func(text string) string { return strings.Replace(text, "was-blue", "was-green", 1) },
	} {
		t.Run(name, func(t *testing.T) {
			files := nginxtest.Files{"/etc/nginx/nginx.conf": shopSite, file: edit(way.live[file])}
			_, _, err := readAs(t, way.settings, files)
			if err == nil || !strings.Contains(err.Error(), "config-not-loaded: "+file+" was edited by hand") {
				t.Fatalf("edited: %v", err)
			}
			_, content, told := strings.Cut(err.Error(), "\nIf blue is live:\n")
			content, _, _ = strings.Cut(content, "\nIf green is live:\n")
			if !told {
				t.Fatalf("it says not what to write: %v", err)
			}
			files[file] = content
			if _, route, err := readAs(t, way.settings, files); err != nil || route.Names != model.Blue {
				t.Errorf("after the remedy it names %q, %v", route.Names, err)
			}
		})
	}
}
