package load

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"bluegate/testdata/project"

	"bluegate/deploy/model"
)

// clash loads a file per colour and returns the conflicts, with places relative to the folder.
func clash(t *testing.T, blue, green string, o Options) []string {
	t.Helper()
	o.Dir = project.Folder(t, map[string]string{"compose.blue.yml": blue, "compose.green.yml": green})
	_, err := load(t, o)
	if err == nil {
		return nil
	}
	var invalid *model.InvalidError
	if !errors.As(err, &invalid) || len(invalid.Reasons) == 0 {
		t.Fatalf("not an invalid configuration with reasons: %v", err)
	}
	if !strings.Contains(err.Error(), invalid.Reasons[0].Message) {
		t.Errorf("%v does not say %q", err, invalid.Reasons[0].Message)
	}
	var out []string
	for _, r := range invalid.Reasons {
		if r.Code != model.CannotCoexist || r.Service == "" {
			t.Errorf("%+v", r)
		}
		out = append(out, strings.ReplaceAll(r.Message, filepath.Clean(o.Dir)+"/", ""))
	}
	return out
}

func TestWhatCannotCoexist(t *testing.T) {
	const web = "# a comment\n\nservices:\n\n  # one more\n  web:\n    image: a\n"
	for name, test := range map[string]struct {
		blue, green string
		o           Options
		want        []string
	}{
		"same service": {web, "services:\n  web:\n    image: b\n", Options{}, []string{
			`both colours have a service "web" in one Compose project "shop", so starting one would replace the other; give them different names, or give each colour a project (compose.project: "…-{colour}") (compose.blue.yml:6 and compose.green.yml:2)`}},
		"same service, a project each": {web, "services:\n  web:\n    image: b\n", Options{Project: "shop-{colour}"}, nil},
		"same container name": {"services:\n  was-blue: {image: a, container_name: app}\n", "services:\n  x:\n    image: a\n  was-green:\n    container_name: app\n    image: b\n", Options{}, []string{
			`both colours use the container name "app" (compose.blue.yml:2 and compose.green.yml:4)`}},
		"same host port": {"services:\n  was-blue:\n    image: a\n    ports: [\"8080:3000\", \"9000:9000\"]\n", "services:\n  was-green:\n    image: b\n    ports: [\"127.0.0.1:8080:3000\", \"9001:9000\"]\n", Options{}, []string{
			`both colours publish host port 8080/tcp (compose.blue.yml:2 and compose.green.yml:2)`}},
		"a service beside it": {"services:\n  was-blue:\n    image: a\n  db:\n    image: db\n", "services:\n  was-green:\n    image: a\n  db:\n    image: db\n", Options{}, nil},
		"two things": {"services:\n  a-blue:\n    image: a\n    container_name: app\n    ports: [\"80:80\"]\n", "services:\n  a-green:\n    image: a\n    container_name: app\n    ports: [\"80:80\"]\n", Options{}, []string{
			`both colours use the container name "app" (compose.blue.yml:2 and compose.green.yml:2)`, `both colours publish host port 80/tcp (compose.blue.yml:2 and compose.green.yml:2)`}},
	} {
		if got := clash(t, test.blue, test.green, test.o); strings.Join(got, "\n") != strings.Join(test.want, "\n") {
			t.Errorf("%s:\n%s\nwant\n%s", name, strings.Join(got, "\n"), strings.Join(test.want, "\n"))
		}
	}
}

func TestSameHostPort(t *testing.T) {
	for _, test := range []struct {
		blue, green string
		same        bool
	}{
		{`"8080:80"`, `"8080:81"`, true},
		{`"8080:80"`, `"8081:80"`, false},
		{`"0.0.0.0:8080:80"`, `"127.0.0.1:8080:80"`, true},
		{`"127.0.0.1:8080:80"`, `"127.0.0.1:8080:80"`, true},
		{`"127.0.0.1:8080:80"`, `"127.0.0.2:8080:80"`, false},
		{`"[::]:8080:80"`, `"127.0.0.1:8080:80"`, true},
		{`"[::1]:8080:80"`, `"127.0.0.1:8080:80"`, false},
		{`"8080:80/udp"`, `"8080:80/tcp"`, false},
		{`"8080:80/udp"`, `"8080:80/udp"`, true},
		{`"8080-8082:80-82"`, `"8082:80"`, true},
		{`"8080-8090:80"`, `"8085:80"`, false}, // the engine takes a free one of the range
		{`"8080-8090:80"`, `"8080-8090:80"`, false},
		{`"8080-8090:80"`, `"127.0.0.1:8080-8090:80"`, false},
		{`"8080-8081:80"`, `"8080-8081:80"`, false},
		{`{target: 80, published: "8080-8080"}`, `{target: 80, published: "8080-8080"}`, true}, // which holds one of them only
		{`"80"`, `"80"`, false},                                                                // the engine chooses
		{`{target: 80, published: "8080"}`, `{target: 80, published: "8080", host_ip: 127.0.0.1, mode: host}`, true},
	} {
		file := func(colour, port string) string {
			return "services:\n  was-" + colour + ":\n    image: a\n    ports: [" + port + "]\n"
		}
		got := clash(t, file("blue", test.blue), file("green", test.green), Options{})
		if (len(got) > 0) != test.same {
			t.Errorf("%s and %s: %q, want %t", test.blue, test.green, got, test.same)
		}
	}
}

func TestRoomForAllContainers(t *testing.T) {
	file := func(colour string) string {
		return "services:\n  was-" + colour + ":\n    image: a\n    scale: 2\n    ports: [\"8080-8082:80\"]\n"
	}
	if got := clash(t, file("blue"), file("green"), Options{}); len(got) != 1 || !strings.Contains(got[0], "8080-8082/tcp") {
		t.Errorf("four containers on three ports: %q", got)
	}
}
