package mode

import (
	"errors"
	"strings"
	"testing"

	"bluegate/deploy/model"
	"bluegate/nginx/conf"
)

func managedExample(t *testing.T) map[model.Colour]ManagedFile {
	t.Helper()
	files, err := managedOf(map[model.Colour]map[string]string{
		model.Blue:  {"was": "was-blue:3000", "signal": "signal-blue:3001   weight=2 max_fails=1"},
		model.Green: {"was": "was-green:3002", "signal": "signal-green:3001   weight=2 max_fails=1"},
	}, "127.0.0.1:8099")
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestManagedFile(t *testing.T) {
	file := managedExample(t)[model.Green]
	file.SwitchID = "20261120T114500-7f3a0000"
	text := file.Render()
	want := `# switch 20261120T114500-7f3a0000
# colour green

map "" $bluegate_side { default ""; }
map "" $bluegate_key { default ""; }

upstream signal {
    server signal-green:3001 weight=2 max_fails=1;
    keepalive 32;
}
upstream was {
    server was-green:3002 max_fails=0;
    keepalive 32;
}

server {
    listen 127.0.0.1:8099;
    access_log off;
    default_type text/plain;
    location = /bluegate/token { return 200 "20261120T114500-7f3a0000 green\n"; }
    location = /bluegate/route/signal {
        proxy_pass http://signal/;
`
	if !strings.Contains(string(text), want) {
		t.Errorf("the file is\n%s\nand does not hold\n%s", text, want)
	}
	if _, err := conf.Parse("x.conf", text); err != nil {
		t.Error(err)
	}
	colour, id, err := readManaged("x.conf", text)
	if err != nil || colour != model.Green || id != file.SwitchID {
		t.Errorf("read %q %q %v", colour, id, err)
	}
	// An editor that drops or adds a last line end changes nothing that counts.
	for _, same := range []string{strings.TrimRight(string(text), "\n"), string(text) + "\n\n"} {
		if _, _, err := readManaged("x.conf", []byte(same)); err != nil {
			t.Error(err)
		}
	}
}

func TestManagedFileThatSomebodyEdited(t *testing.T) {
	file := managedExample(t)[model.Blue]
	file.SwitchID = NewSwitchID()
	text := string(file.Render())
	for _, edit := range []string{
		strings.Replace(text, "was-blue", "was-green", 1),
		strings.Replace(text, "# colour blue", "# colour green", 1),
		strings.Replace(text, "keepalive 32", "keepalive 16", 1),
		text + "# mine\n",
		strings.Replace(text, "# sum ", "# sum 0", 1),
		text[:len(text)/2],
		"upstream was { server was-blue:3000; }\n",
		"",
	} {
		if colour, _, err := readManaged("x.conf", []byte(edit)); err == nil {
			t.Errorf("%s passes as %s", edit, colour)
		}
	}
}

func TestManagedSettings(t *testing.T) {
	for name, test := range map[string]struct{ upstream, blue, green, listen string }{
		"same for both":    {"was", "was:3000", "was:3000", ""},
		"a name with more": {"was{}", "was-blue:3000", "was-green:3000", ""},
		"two directives":   {"was", "was-blue:3000; server x", "was-green:3000", ""},
		"a comment":        {"was", "was-blue:3000", "was-green:3000 # x", ""},
		"a variable":       {"was", "was-blue:$port", "was-green:$port", ""},
		"no parameter":     {"was", "blue blue:3000", "green green:3000", ""},
		"no address":       {"was", "", "was-green:3000", ""},
		"no listen":        {"was", "was-blue:3000", "was-green:3000", "8099; deny all"},
	} {
		files, err := managedOf(map[model.Colour]map[string]string{model.Blue: {test.upstream: test.blue}, model.Green: {test.upstream: test.green}}, test.listen)
		var invalid *model.InvalidError
		if !errors.As(err, &invalid) {
			t.Errorf("%s: %v, %v", name, files, err)
		}
	}
	if _, err := managedOf(nil, ""); err == nil {
		t.Error("no upstream at all passes")
	}
}
