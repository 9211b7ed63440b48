package report

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"bluegate/deploy/model"
	"bluegate/deploy/redact"
)

func TestMaskHidesWhatLooksLikeASecret(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"DB_PASSWORD=hunter2 next", "DB_PASSWORD=**** next"},
		{`{"api_key": "hunter2", "n": 1}`, `{"api_key": "****", "n": 1}`},
		{"connect postgres://app:hunter2@db:5432/shop", "connect postgres://app:****@db:5432/shop"},
		{"Authorization: Bearer hunter2hunter2", "Authorization: Bearer ****"},
		{"Authorization: hunter2", "Authorization: ****"},
		{"curl -H 'Authorization: Basic dXNlcjpodW50ZXIy' http://x", "curl -H 'Authorization: Basic ****' http://x"},
		{`proxy_set_header Authorization "Basic dXNlcjpodW50ZXIy";`, `proxy_set_header Authorization "Basic ****";`},
		{"curl -u app:hunter2 http://x", "curl -u app:**** http://x"},
		{"/app --db-password hunter2 --port 80", "/app --db-password **** --port 80"},
		{"GET /health?token=hunter2&x=1", "GET /health?token=****&x=1"},
		{"key AKIAIOSFODNN7EXAMPLE used", "key **** used"},
		{"-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----", "-----BEGIN RSA PRIVATE KEY-----****-----END RSA PRIVATE KEY-----"},

		// What only looks so stays as it is.
		{"proxy_pass http://was-green:3000;", "proxy_pass http://was-green:3000;"},
		{"server secret-store:8080;", "server secret-store:8080;"},
		{"the release did not pass: unhealthy", "the release did not pass: unhealthy"},
		{"basic checks", "basic checks"},
		{"http://127.0.0.1:8080/a@b", "http://127.0.0.1:8080/a@b"},
		{"", ""},
	} {
		if got := new(redact.Redactor).Text(c.text); got != c.want {
			t.Errorf("%q:\n got %q\nwant %q", c.text, got, c.want)
		}
	}
}

func TestMaskIsStable(t *testing.T) {
	m := new(redact.Redactor)
	m.Add("hunter2hunter2")
	for _, text := range []string{"Authorization: Bearer hunter2hunter2", "DB_PASSWORD=hunter2hunter2", "x://u:hunter2hunter2@h"} {
		once := m.Text(text)
		if twice := m.Text(once); twice != once {
			t.Errorf("%q becomes %q, and that %q", text, once, twice)
		}
	}
}

func TestMaskLearnsByName(t *testing.T) {
	for _, c := range []struct {
		name, value string
		hidden      string // empty: nothing is
	}{
		{"DB_PASSWORD", "c4nary-value", "c4nary-value"},
		{"sessionToken", "c4nary-value", "c4nary-value"},
		{"com.example.api.key", "c4nary-value", "c4nary-value"},
		{"DATABASE_URL", "mysql://root:c4nary-value@db/shop", "c4nary-value"},
		{"JAVA_OPTS", "-Xmx1g --store-password c4nary-value", "c4nary-value"},
		{"PUBLIC_KEY", "c4nary-value", ""},
		{"MONKEY", "c4nary-value", ""},
		{"COMPASS", "c4nary-value", ""},
		{"AUTH", "true", ""},
		{"PIN_TOKEN", "abc", ""},
	} {
		m := new(redact.Redactor)
		m.Learn(c.name, c.value)
		value := c.hidden
		if value == "" {
			value = c.value
		}
		text := "the app said " + value + " and ended"
		if got := m.Text(text); strings.Contains(got, value) != (c.hidden == "") {
			t.Errorf("%s=%s: %q became %q", c.name, c.value, text, got)
		}
	}
}

func TestMaskHidesEveryFormOfAValue(t *testing.T) {
	m := new(redact.Redactor)
	m.Add("pa\"ss/w ord+1")
	m.Add("first line of it\nsecond line of it")
	for _, text := range []string{
		`pa"ss/w ord+1`, `{"x":"pa\"ss/w ord+1"}`, "?x=pa%22ss%2Fw+ord%2B1", "/pa%22ss%2Fw%20ord+1", "cGEic3MvdyBvcmQrMQ==",
		"second line of it", "cut in pa\"ss/w or", "cut in pa\"ss/w or […]",
	} {
		if got := m.Text(text); !strings.Contains(got, redact.Placeholder) {
			t.Errorf("%q stays as it is", text)
		}
	}
	if got := m.Text("cut in pa\"ss/w or […]"); got != "cut in **** […]" {
		t.Errorf("got %q", got)
	}
}

// Every text of a report is masked unless it is an identifier; a field that is added later is hidden without being named.
func TestMaskReport(t *testing.T) {
	const canary = "c4nary-value"
	r := NewReport("deploy")
	fill(reflect.ValueOf(r).Elem(), canary)
	m := new(redact.Redactor)
	m.Add(canary)
	m.Apply(r)
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var tree any
	if err := json.Unmarshal(text, &tree); err != nil {
		t.Fatal(err)
	}
	shown := map[string]bool{}
	find(tree, "", canary, shown)
	for name := range shown {
		if !reflect.DeepEqual([]string{name}, intersect(redact.Identifiers, name)) && !closed[name] {
			t.Errorf("the field %q shows the secret", name)
		}
	}
	if len(shown) == 0 {
		t.Error("nothing was filled in")
	}
}

// closed are the fields whose values are of a closed list of ours.
var closed = map[string]bool{"outcome": true, "from": true, "to": true, "live": true, "colour": true, "code": true, "mode": true, "hook": true, "during": true, "decision": true}

func intersect(all []string, name string) (out []string) {
	for _, a := range all {
		if a == name {
			out = append(out, a)
		}
	}
	return out
}

// fill writes a text into every string of a value, making an element for every pointer, slice and map on the way.
func fill(v reflect.Value, text string) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), text)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), text)
	case reflect.Map:
		key, held := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		key.SetString("k")
		fill(held, text)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, held)
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && f.Tag.Get("json") != "-" {
				fill(v.Field(i), text)
			}
		}
	case reflect.String:
		v.SetString(text)
	}
}

func find(node any, name, text string, shown map[string]bool) {
	switch n := node.(type) {
	case map[string]any:
		for key, value := range n {
			find(value, key, text, shown)
		}
	case []any:
		for _, value := range n {
			find(value, name, text, shown)
		}
	case string:
		if strings.Contains(n, text) {
			shown[name] = true
		}
	}
}

// TestMaskKeepsPlaces: a path is no secret, and the place of an error stays whatever is one.
func TestMaskKeepsPlaces(t *testing.T) {
	m := new(redact.Redactor)
	m.Keep("/work/shop")
	m.Keep("/work/shop/compose/base.yml")
	for name, value := range map[string]string{
		"PWD": "/work/shop", "OLDPWD": "/work", "DB_PASSWORD_FILE": "/run/secrets/db", "SSH_AUTH_SOCK": "/tmp/ssh-x/agent.1", "SECRET_PATH": "./secrets",
		"DB_PASSWORD": "shop", "API_TOKEN": "compose", "KEY_FILE": "c4nary-value", "DB_PWD": "/c4nary", "pwd": "hunter2-x",
	} {
		m.Learn(name, value)
	}
	for text, want := range map[string]string{
		"/work/shop/compose.blue.yml:11: services.was-blue":   "/work/shop/compose.blue.yml:11: services.was-blue",
		"/work/shop: no files; shop":                          "/work/shop: no files; ****",
		"/work/shop/compose/base.yml:3:5: compose and shop":   "/work/shop/compose/base.yml:3:5: **** and ****",
		"a and b (/work/shop/a.yml:1 and /work/shop/b.yml:2)": "a and b (/work/shop/a.yml:1 and /work/shop/b.yml:2)",
		"/run/secrets/db, /tmp/ssh-x/agent.1, ./secrets":      "/run/secrets/db, /tmp/ssh-x/agent.1, ./secrets",
		"/work/shopping":                 "/work/****ping",
		"c4nary-value /c4nary hunter2-x": "**** **** ****",
		"":                               "",
	} {
		if got := m.Text(text); got != want {
			t.Errorf("%q:\n got %q\nwant %q", text, got, want)
		}
	}
	r := NewReport("deploy")
	r.Findings = []model.Finding{{Code: "x", Place: "/etc/nginx/shop.conf:3", Message: "the shop"}}
	if m.Apply(r); r.Findings[0].Place != "/etc/nginx/shop.conf:3" || r.Findings[0].Message != "the ****" {
		t.Errorf("%+v", r.Findings[0])
	}
}

// A report quotes what Compose files, labels of other containers and other clients say: every text is harmless to a
// terminal and to a CI runner, names too, and a secret that was kept apart is hidden.
func TestMaskedReportIsHarmless(t *testing.T) {
	var m redact.Redactor
	m.Add("hunter2-hunter2")
	r := NewReport("deploy")
	r.Message = "env file /work/\x1b[2Jx not found\n::error::x ##[error]y"
	r.Reasons = []model.Reason{{Code: model.CreateFailed, Service: "a\x1b]0;x\a", Message: "external network a\n  ::add-mask::b, hunter2\u202e-hunter2"}}
	r.Findings = []model.Finding{{Code: "x", Place: "/work/\r::error::z", Remedy: "docker start x\n"}}
	r.NginxDiff = " a\n-b\n+c\n"
	m.Apply(r)
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{`\u001b`, `\u0007`, `\r`, `\n::`, `\n  ::`, "##[", "hunter2"} {
		if strings.Contains(string(text), bad) {
			t.Errorf("%s is in %s", bad, text)
		}
	}
	if r.NginxDiff != " a\n-b\n+c\n" || r.Findings[0].Remedy != "docker start x\n" {
		t.Errorf("a harmless text was changed: %q, %q", r.NginxDiff, r.Findings[0].Remedy)
	}
}
