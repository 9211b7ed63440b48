package mode

import (
	"strings"
	"testing"
	"time"

	"bluegate/deploy/model"
	"bluegate/nginx/conf"
)

const testersSecret = "0123456789abcdefABCDEF"

// testersOf is canaryOf with testers.
func testersOf(t *testing.T, sites string, testers Testers) (managed, Configuration) {
	t.Helper()
	m, c := canaryOf(t, "", sites)
	m.testers = testers
	if err := m.testerFiles("127.0.0.1:8099"); err != nil {
		t.Fatal(err)
	}
	return m, c
}

func TestTestersFile(t *testing.T) {
	both := Testers{Header: "X-Preview", Cookie: "preview", Secret: testersSecret}
	byCookie := "map $cookie_preview $bluegate_tester_cookie {\n    \"~^" + testersSecret + "$\" -new;\n    default \"\";\n}\n"
	byHeader := "map $http_x_preview $bluegate_tester {\n    \"~^" + testersSecret + "$\" -new;\n    default $bluegate_tester_cookie;\n}\n"
	for _, test := range []struct {
		name    string
		testers Testers
		sides   *sides
		want    []string
		not     []string
		canary  int
		to      model.Colour
	}{
		{name: "nothing waits", testers: both, want: []string{
			byCookie + byHeader + "map $bluegate_tester $bluegate_side {\n    \"\" \"\";\n    default -new;\n}\n",
			"upstream was-new {\n    server 127.0.0.1:8099 max_fails=0;\n}\n",
			"    location / { return 503 \"no release waits for a preview\\n\"; }\n",
		}, not: []string{"was-green", "split_clients", "add_header Set-Cookie"}},
		{name: "a release waits", testers: both, sides: &sides{to: model.Green}, to: model.Green, want: []string{
			"# colour blue\n# preview green\n\n" + byCookie + byHeader,
			"upstream was-new {\n    server was-green:3002 max_fails=0;\n    keepalive 32;\n}\n", "/bluegate/route/was-new {",
		}, not: []string{"split_clients", "add_header Set-Cookie", "server 127.0.0.1:8099"}},
		{name: "a canary", testers: both, sides: &sides{to: model.Green, weight: 5, by: "$remote_addr", cookie: "c1"}, canary: 5, want: []string{
			"map $cookie_bluegate_side $bluegate_drawn {\n    \"c1\" -new;\n    default $bluegate_chosen;\n}\n",
			"map $bluegate_tester $bluegate_side {\n    \"\" $bluegate_drawn;\n    default -new;\n}\n",
			"map \"$bluegate_tester$proxy_host\" $bluegate_cookie {",
		}},
		{name: "a header alone", testers: Testers{Header: "X-My-Preview", Secret: testersSecret}, want: []string{
			"map $http_x_my_preview $bluegate_tester {\n    \"~^" + testersSecret + "$\" -new;\n    default \"\";\n}\nmap $bluegate_tester",
		}, not: []string{"$cookie_"}},
		{name: "a cookie alone", testers: Testers{Cookie: "preview", Secret: testersSecret}, want: []string{
			"map $cookie_preview $bluegate_tester {\n    \"~^" + testersSecret + "$\" -new;\n    default \"\";\n}\nmap $bluegate_tester",
		}, not: []string{"$http_"}},
	} {
		m, _ := testersOf(t, "", test.testers)
		file := m.files[model.Blue]
		if file.SwitchID = NewSwitchID(); test.sides != nil {
			file.sides = test.sides
			file.sides.new = m.files[model.Green].Upstreams
		}
		text := string(file.Render())
		for _, want := range test.want {
			if !strings.Contains(text, want) {
				t.Errorf("%s: the file does not hold\n%s\nbut\n%s", test.name, want, text)
			}
		}
		for _, not := range test.not {
			if strings.Contains(text, not) {
				t.Errorf("%s: the file holds %q:\n%s", test.name, not, text)
			}
		}
		if _, err := conf.Parse("x.conf", []byte(text)); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		if colour, _, err := readManaged("x.conf", []byte(text)); err != nil || colour != model.Blue {
			t.Errorf("%s: %s, %v", test.name, colour, err)
		}
		canary, to := readOther([]byte(text))
		if to != test.to || (canary != nil) != (test.canary > 0) || canary != nil && canary.Weight != test.canary {
			t.Errorf("%s: canary %+v, testers get %q", test.name, canary, to)
		}
		if strings.Contains(string(m.fresh(model.Blue)), testersSecret) {
			t.Errorf("%s: what a person is to write has the secret in it", test.name)
		}
	}
}

func TestTestersChange(t *testing.T) {
	const sites = "server { location / { proxy_pass http://was$bluegate_side; } location /s { proxy_pass http://signal$bluegate_side; } }"
	testers := Testers{Header: "X-Preview", Secret: testersSecret}
	m, c := testersOf(t, sites, testers)
	change := model.Change{To: model.Green, Files: []model.FileChange{{Path: m.to, Old: []byte("now"), New: []byte("then"), Private: true}}}
	open, err := m.Testers(c, model.Route{Names: model.Blue}, change)
	if err != nil || open == nil || string(open.Files[0].Old) != "now" || !open.Files[0].Private || len(open.Proofs) != 3 {
		t.Fatalf("%+v, %v", open, err)
	}
	if _, to := readOther(open.Files[0].New); to != model.Green {
		t.Errorf("testers get %q", to)
	}
	if again, err := m.Testers(c, model.Route{Names: model.Green}, change); err != nil || again != nil {
		t.Errorf("to the colour that is live: %+v, %v", again, err)
	}
	m.testers = Testers{}
	if none, err := m.Testers(c, model.Route{Names: model.Blue}, change); err != nil || none != nil {
		t.Errorf("without testers: %+v, %v", none, err)
	}
	m, c = testersOf(t, strings.Replace(sites, "http://signal$bluegate_side", "http://signal", 1), testers)
	if _, err = m.Testers(c, model.Route{Names: model.Blue}, change); err == nil || model.ReasonsOf(err)[0].Code != model.PreviewIncomplete || !strings.Contains(err.Error(), "becomes proxy_pass http://signal$bluegate_side;") {
		t.Errorf("a place that gives testers the live colour: %v", err)
	}
}

func TestTestersSettings(t *testing.T) {
	for _, test := range []struct {
		testers   Testers
		key, want string
	}{
		{Testers{}, "", ""},
		{Testers{Header: "X-Preview", Secret: testersSecret}, "", ""},
		{Testers{Cookie: "preview_1", Secret: testersSecret}, "", ""},
		{Testers{Header: "X-Preview"}, "secret", "is needed"},
		{Testers{Secret: testersSecret}, "secret", "neither preview.header nor preview.cookie"},
		{Testers{Header: "X-Preview", Secret: "short"}, "secret", "has 5 characters"},
		{Testers{Header: "X-Preview", Secret: testersSecret + ";"}, "secret", "letters, digits"},
		{Testers{Header: "X-Preview", Secret: testersSecret + ".*"}, "secret", "letters, digits"},
		{Testers{Header: "X-Preview", Secret: testersSecret + "\n"}, "secret", "letters, digits"},
		{Testers{Header: "X_Preview", Secret: testersSecret}, "header", "nginx drops a header with _"},
		{Testers{Header: "X Preview", Secret: testersSecret}, "header", "is not a name"},
		{Testers{Header: "Host", Secret: testersSecret}, "header", "of one's own"},
		{Testers{Cookie: "pre-view", Secret: testersSecret}, "cookie", "is not a name"},
		{Testers{Cookie: "Bluegate_Side", Secret: testersSecret}, "cookie", "and not bluegate_side"},
	} {
		key, wrong := test.testers.Check()
		if key != test.key || !strings.Contains(wrong, test.want) || wrong != "" && test.testers.Secret != "" && strings.Contains(wrong, test.testers.Secret) {
			t.Errorf("%+v: %s: %s", test.testers, key, wrong)
		}
	}
	s := Settings{Mode: "managed", Listen: "off", Testers: Testers{Cookie: "c", Secret: testersSecret}, Upstreams: map[model.Colour]map[string]string{model.Blue: {"was": "a:1"}, model.Green: {"was": "b:1"}}}
	if _, err := s.Build(); err == nil || !strings.Contains(err.Error(), "nginx.listen") {
		t.Errorf("without a server that answers 503: %v", err)
	}
	s.Listen, s.Canary = "8077", Canary{Steps: []Step{{5, time.Minute}}, By: "$remote_addr"}
	m, err := s.Build()
	if err != nil || !strings.Contains(string(m.(managed).files[model.Blue].Render()), "server 127.0.0.1:8077 max_fails=0;") {
		t.Errorf("%+v, %v", m, err)
	}
}

// The same colour again: a file that is as it would be is left, and another one is written under an id of its own, which its
// token has.
func TestManagedPlanOfTheLiveColour(t *testing.T) {
	app := model.Application{Models: map[model.Colour]model.Model{}}
	for colour, port := range map[model.Colour]int{model.Blue: 3000, model.Green: 3002} {
		service := func(name string, port int) model.Service {
			host := name + "-" + string(colour)
			return model.Service{Name: host, Key: name, Hosts: []string{host}, Ports: []int{port}}
		}
		app.Models[colour] = model.Model{Colour: colour, Services: []model.Service{service("was", port), service("signal", 3001)}}
	}
	dir := model.NewAddresses(app)
	const sites = "server { location / { proxy_pass http://was$bluegate_side; } location /s { proxy_pass http://signal$bluegate_side; } }"
	m, c := canaryOf(t, "", sites)
	if change, err := m.Plan(c, model.Route{Names: model.Blue}, dir, model.Blue); err != nil || !change.Empty() {
		t.Fatalf("%+v, %v", change, err)
	}
	m.testers = Testers{Header: "X-Preview", Secret: testersSecret}
	if err := m.testerFiles("127.0.0.1:8099"); err != nil {
		t.Fatal(err)
	}
	change, err := m.Plan(c, model.Route{Names: model.Blue}, dir, model.Blue)
	if err != nil || change.Empty() {
		t.Fatalf("%+v, %v", change, err)
	}
	if _, id, err := readManaged(m.to, change.Files[0].New); err != nil || change.Proofs[0].Token != id+" blue\n" {
		t.Errorf("the file has %s, and the proof wants %q, %v", id, change.Proofs[0].Token, err)
	}
}
