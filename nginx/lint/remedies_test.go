package lint

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"

	"bluegate/deploy/model"
	"bluegate/nginx/agent"
	"bluegate/nginx/conf"
	"bluegate/testdata/enginetest"
	"bluegate/testdata/nginxtest"
)

// pasted is a configuration with a finding's remedy in it: each directive stands where the remedy says, in the place of the
// line that it names, else of one of its name at the finding's place.
func pasted(t *testing.T, text string, found model.Finding) string {
	t.Helper()
	comment := ""
	for _, line := range strings.Split(found.Remedy, "\n") {
		if strings.HasPrefix(line, "#") {
			comment = line
			continue
		}
		directive, _, _ := strings.Cut(strings.Replace(line, "HOST:PORT", "was-blue:3000", 1), "  #")
		removed, isRemoved := strings.CutPrefix(directive, "- ")
		name, _, _ := strings.Cut(directive, " ")
		switch name {
		case "tmpfs:", "bluegate":
			continue // of the Compose file, or a command
		}
		at := found.Place
		if _, place, ok := strings.Cut(comment, "in the place of "); ok {
			at = strings.TrimRight(strings.Fields(place)[0], ";:,")
		}
		pattern := regexp.QuoteMeta(name) + `\s[^;{}]*;`
		if strings.Contains(directive, "unix:") {
			pattern = `listen\s+unix:[^;]*;`
		}
		lines := strings.Split(text, "\n")
		n := 0
		if _, err := fmt.Sscanf(at[strings.LastIndexByte(at, ':')+1:], "%d", &n); err != nil || n > len(lines) {
			n = 1
		}
		re := regexp.MustCompile(pattern)
		switch {
		case isRemoved:
			lines[n-1] = strings.Replace(lines[n-1], removed, "", 1)
		case re.MatchString(lines[n-1]):
			lines[n-1] = re.ReplaceAllLiteralString(lines[n-1], directive)
		case strings.Contains(comment, "in http {}"):
			text = strings.Replace(text, "http {", "http { "+directive, 1)
			continue
		case strings.Contains(comment, "outside every block"):
			text = directive + "\n" + text
			continue
		case strings.Contains(comment, "in upstream"):
			text = strings.Replace(text, "server was-blue:3000;", "server was-blue:3000; "+directive, 1)
			continue
		default:
			text = strings.Replace(text, "proxy_pass ", directive+" proxy_pass ", 1)
			continue
		}
		text = strings.Join(lines, "\n")
	}
	return text
}

// Each remedy that is an edit of nginx's configuration is carried out: nginx takes the result, also where the directive
// stood there already, and nothing is found any more.
func TestConfigurationRemediesAreCarriedOut(t *testing.T) {
	b := enginetest.New(t)
	id := b.Run(container.Config{Image: "bluegate-nginx:1.30", Cmd: []string{"sleep", "600"}}, container.HostConfig{ExtraHosts: []string{"was-blue:127.0.0.1", "was-green:127.0.0.1"}})
	layer := func(f *Input) { f.Layer = func(p string) bool { return strings.HasPrefix(p, "/run/edge/") } }
	leaving := func(f *Input) {
		f.Snapshot = agent.Snapshot{Workers: []agent.Process{{Age: time.Hour}}, ShuttingDown: []agent.Process{{PID: 7}}}
	}
	for i, test := range []struct {
		look  rule
		files nginxtest.Files
		set   func(*Input)
		stays bool // the finding cannot tell that the remedy was followed
	}{
		{keepAliveRace, one("", "", ""), old, false},
		{keepAliveRace, one("", "keepalive_timeout 75s;", ""), old, false},
		{keepAliveRace, one("", "", ""), recent, false},
		{keepAliveRace, one("", "keepalive_min_timeout 0;", ""), recent, false},
		{shutdownTimeout, one("worker_shutdown_timeout 10s;", "", ""), nil, false},
		{leavingTooLong, one("", "", ""), leaving, true},
		{leavingTooLong, one("worker_shutdown_timeout 2h;", "", ""), leaving, true},
		{reusePort, one("", "", "listen 81 reuseport;"), nil, true},
		{reusePort, one("worker_processes auto;", "", "listen 81 reuseport;"), nil, true},
		{unixSockets, one("", "", "listen unix:/run/edge/edge.sock;"), layer, false},
		{errorLog, one("error_log /data/error.log;", "", ""), func(f *Input) { f.Name = "edge" }, false},
		{connectTimeout, one("", "", ""), nil, false},
		{connectTimeout, one("", "", "proxy_connect_timeout 60s;"), nil, false},
		{upstreamKeepalive, one("", "", ""), old, false},
		{variablePass, nginxtest.Files{mainConf: "events {}\nhttp { resolver 127.0.0.11; server { set $to http://was-blue:3000; location / { proxy_pass $to; } } }\n"}, old, true},
		{bothColours, nginxtest.Files{mainConf: "events {}\nhttp { upstream was {\n server was-blue:3000;\n server was-green:3000;\n} server { location / { proxy_pass http://was; } } }\n"}, func(f *Input) { f.Live = model.None }, false},
	} {
		find := func(files nginxtest.Files) (found []model.Finding) {
			lintedBy(t, func(f Input) []model.Finding { found = test.look(f); return found }, files, test.set)
			return found
		}
		found := find(test.files)
		if len(found) != 1 {
			t.Errorf("%d: found %+v", i, found)
			continue
		}
		text := pasted(t, test.files[mainConf], found[0])
		if text == test.files[mainConf] {
			t.Errorf("%s: the remedy changes nothing:\n%s", found[0].Code, found[0].Remedy)
		}
		if again := find(nginxtest.Files{mainConf: text}); len(again) > 0 && !test.stays {
			t.Errorf("%s: it is still found in\n%s", found[0].Code, text)
		}
		name := fmt.Sprintf("/tmp/case-%d.conf", i)
		b.Exec(id, "sh", "-c", `mkdir -p /run/nginx-sockets; printf '%s' "$1" >"$2" && nginx -t -c "$2"`, "sh", "user root;\n"+text, name) // its failure fails the test
	}
}

// The command that begins with nginx itself is one with which nginx runs, also where its configuration says `daemon off`.
func TestFirstProcessRemedyIsCarriedOut(t *testing.T) {
	b := enginetest.New(t)
	for _, main := range []string{"user root; daemon off;\nevents {}\n", "user root;\nevents {}\n"} {
		tree, err := conf.LoadTree(nginxtest.Files{mainConf: main}.Source(), mainConf)
		if err != nil {
			t.Fatal(err)
		}
		found := firstProcess(Input{Top: conf.Assemble(tree), Surroundings: Surroundings{First: "sh -c crond && nginx"}})
		_, list, _ := strings.Cut(found[0].Remedy, "entrypoint: ")
		var words []string
		if err := json.Unmarshal([]byte(list), &words); err != nil {
			t.Fatalf("%v: %s", err, found[0].Remedy)
		}
		id := b.Create(container.Config{Image: "bluegate-nginx:1.30", Entrypoint: words, Cmd: []string{}}, container.HostConfig{})
		b.Put(id, mainConf, main)
		if err := b.Engine.ContainerStart(t.Context(), id, container.StartOptions{}); err != nil {
			t.Fatal(err)
		}
		b.Eventually("nginx runs", func() error {
			if out := b.Exec(id, "sh", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '"); !strings.Contains(out, "nginx: worker process") {
				return errors.New(out)
			}
			return nil
		})
	}
}
