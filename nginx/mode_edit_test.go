package nginx

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"
	"pgregory.net/rapid"

	"bluegate/deploy/model"
	"bluegate/nginx/conf"
	"bluegate/nginx/incontainer"
	"bluegate/nginx/instance"
	"bluegate/nginx/mode"
	"bluegate/testdata/nginxtest"
)

// mountedEdge is an nginx whose files all lie in a mount.
func mountedEdge() *incontainer.Nginx {
	return &incontainer.Nginx{Name: "edge", Info: container.InspectResponse{
		ContainerJSONBase: &container.ContainerJSONBase{HostConfig: &container.HostConfig{}}, Mounts: []container.MountPoint{{Destination: "/"}},
	}}
}

// routed is a router that has read a configuration, and what it found in it.
func routed(t rapid.TB, dir *model.Addresses, files nginxtest.Files) (*observed, model.Route) {
	t.Helper()
	r := New(nil, instance.Options{}).over(mountedEdge())
	r.conf = mode.Configuration{Nginx: r.found, Files: files.Source()}
	tree, err := conf.LoadTree(r.conf.Files, "/etc/nginx/nginx.conf")
	if err != nil {
		t.Fatal(err)
	}
	r.conf.Tree = tree
	route := model.Route{Nginx: r.found.String()}
	mode.Edit{}.Observe(r.conf, dir, &route)
	r.route = route
	return r, route
}

// planned applies what Plan says, and checks that it says the same in all its fields.
func planned(t rapid.TB, dir *model.Addresses, files nginxtest.Files, to model.Colour) (nginxtest.Files, model.Change, error) {
	t.Helper()
	r, _ := routed(t, dir, files)
	change, err := r.Plan(dir, to)
	after := nginxtest.Files{}
	for name, content := range files {
		after[name] = content
	}
	for _, f := range change.Files {
		if string(f.Old) != files[f.Path] || string(f.New) == string(f.Old) || !f.OldTime.Equal(nginxtest.WrittenAt) {
			t.Errorf("%s: old bytes %q of %s for %q, new ones %q", f.Path, f.Old, f.OldTime, files[f.Path], f.New)
		}
		after[f.Path] = string(f.New)
	}
	return after, change, err
}

// sections reads a file of parts, each below its name: "-- /etc/nginx/nginx.conf --". What has an absolute path is
// nginx's, the rest is what is known of it.
func sections(t *testing.T, file string) (files nginxtest.Files, rest map[string]string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	files, rest = nginxtest.Files{}, map[string]string{}
	name := ""
	for line := range strings.Lines(string(text)) {
		if begin, ok := strings.CutPrefix(line, "-- "); ok {
			name = strings.TrimSuffix(begin, " --\n")
		} else if path.IsAbs(name) {
			files[name] += line
		} else {
			rest[name] += line
		}
	}
	return files, rest
}

func TestPlan(t *testing.T) {
	archives, err := filepath.Glob("testdata/plan/*.txt")
	if err != nil || len(archives) == 0 {
		t.Fatalf("%v, %v", archives, err)
	}
	for _, name := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txt"), func(t *testing.T) {
			files, want := sections(t, name)
			dir := nginxtest.Addresses(t, want["directory"])
			for _, lineEnd := range []string{"\n", "\r\n"} {
				painted := nginxtest.Files{}
				for name, content := range files {
					painted[name] = strings.ReplaceAll(content, "\n", lineEnd)
				}
				checkPlan(t, dir, painted, want, lineEnd)
			}
		})
	}
}

func checkPlan(t *testing.T, dir *model.Addresses, files nginxtest.Files, want map[string]string, lineEnd string) {
	t.Helper()
	_, route := routed(t, dir, files)
	var points strings.Builder
	for _, p := range route.Points {
		upstream := ""
		if p.Upstream != "" {
			upstream = " " + p.Upstream
		}
		fmt.Fprintf(&points, "%s %s%s %q of %s %s\n", p.Place, p.Directive, upstream, p.Address, p.Endpoint.Colour, p.Endpoint.Service)
	}
	if points.String() != want["points"] {
		t.Errorf("points:\n%swant\n%s", points.String(), want["points"])
	}
	_, change, err := planned(t, dir, files, model.Green)
	if refusal := strings.TrimSpace(want["refused"]); refusal != "" || err != nil {
		if err == nil || err.Error() != "refused: "+refusal || !change.Empty() {
			t.Errorf("refused with\n%v\nwant\n%s\nand no change: %+v", err, refusal, change.Files)
		}
		return
	}
	if got := strings.ReplaceAll(change.Diff, lineEnd, "\n"); got != want["change"] {
		t.Errorf("change:\n%swant\n%s", got, want["change"])
	}
	edited := 0
	for _, p := range route.Points {
		if p.Endpoint.Colour == model.Blue {
			edited++
		}
	}
	if change.Points != edited || change.To != model.Green || change.Nginx != `container "edge"` {
		t.Errorf("%d points of %d, to %s, of %s", change.Points, edited, change.To, change.Nginx)
	}
	for _, e := range change.Routes {
		if e.Colour != model.Green {
			t.Errorf("nginx would be asked for %+v, which is not of the colour that becomes live", e)
		}
	}
	if len(route.Points) > 0 && len(change.Routes) == 0 {
		t.Error("nothing would be asked from where nginx stands")
	}
}

// What is in the way of a change is in the way of it before anything is worked out.
func TestPlanReturnsTheRoutesRefusal(t *testing.T) {
	dir := nginxtest.Addresses(t, "was-{colour} 3000 3000")
	r, _ := routed(t, dir, nginxtest.Files{"/etc/nginx/nginx.conf": "upstream was { server was-blue:3000; }"})
	r.route.Refusal = model.Refuse(model.ConfigNotLoaded, "someone edited it")
	change, err := r.Plan(dir, model.Green)
	if err != r.route.Refusal || !change.Empty() {
		t.Errorf("%+v, %v", change, err)
	}
}

func TestRoutesAreNamedOnce(t *testing.T) {
	dir := nginxtest.Addresses(t, "was-{colour} 3000 3000\nsignal-{colour} 3001 3003")
	_, change, err := planned(t, dir, nginxtest.Files{"/etc/nginx/nginx.conf": "upstream a { server was-blue:3000; server was-blue:3000; } upstream b { server signal-blue:3001; } server { location / { proxy_pass http://was-blue:3000/; } }"}, model.Green)
	if err != nil {
		t.Fatal(err)
	}
	want := []model.Endpoint{{Colour: model.Green, Service: "was-green", Host: "was-green", Port: 3000}, {Colour: model.Green, Service: "signal-green", Host: "signal-green", Port: 3003}}
	if !slices.Equal(change.Routes, want) {
		t.Errorf("routes %+v, want %+v", change.Routes, want)
	}
}

// A switch there and back leaves every byte as it was.
func TestThereAndBack(t *testing.T) {
	dir := nginxtest.Addresses(t, "was-{colour} 3000,3100 4000,4100 shop-was-{colour}-1\nsignal-{colour} 80 81\nweb-{colour} - -")
	address := rapid.SampledFrom([]string{"was-blue:3000", "was-blue:3100", "shop-was-blue-1:3000", "signal-blue:80", "web-blue:8080", "db:5432", "db:9", "[::1]:80", "unix:/run/was-blue.sock"})
	space := rapid.SampledFrom([]string{" ", "  ", "\t", "\n", "\r\n", " # was-blue:3000;}\n\t"})
	quote := rapid.SampledFrom([]string{"", `"`, "'"})
	rapid.Check(t, func(t *rapid.T) {
		var b strings.Builder
		word := func(words ...string) {
			for _, w := range words {
				b.WriteString(w)
				b.WriteString(space.Draw(t, "space"))
			}
		}
		for i := range rapid.IntRange(1, 3).Draw(t, "upstreams") {
			word("upstream", fmt.Sprintf("u%d", i), "{")
			for range rapid.IntRange(0, 3).Draw(t, "servers") {
				q := quote.Draw(t, "quote")
				word("server", q+address.Draw(t, "address")+q, rapid.SampledFrom([]string{"", "weight=2", "backup"}).Draw(t, "parameter"), ";")
			}
			word("}")
		}
		word("server", "{")
		for range rapid.IntRange(0, 3).Draw(t, "locations") {
			q := quote.Draw(t, "quote")
			word("location", "/", "{", "proxy_pass", q+"http://"+address.Draw(t, "address")+rapid.SampledFrom([]string{"", "/", "/x?y=was-blue:3000", "$request_uri"}).Draw(t, "path")+q, ";", "}")
		}
		word("}")
		before := nginxtest.Files{"/etc/nginx/nginx.conf": b.String()}
		there, change, err := planned(t, dir, before, model.Green)
		if err != nil {
			return // nothing names a colour
		}
		if _, route := routed(t, dir, there); route.Names != model.Green || route.Refusal != nil {
			t.Fatalf("after the switch it names %q, %v\n%s", route.Names, route.Refusal, there)
		}
		back, again, err := planned(t, dir, there, model.Blue)
		if err != nil || change.Points != again.Points {
			t.Fatalf("%d points there, %d back, %v", change.Points, again.Points, err)
		}
		if back["/etc/nginx/nginx.conf"] != before["/etc/nginx/nginx.conf"] {
			t.Fatalf("came back as\n%q\nwas\n%q", back, before)
		}
	})
}
