package page

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"bluegate/deploy/model"
	"bluegate/watch"
)

func get(t *testing.T, url string, headers ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, string(body)
}

// everything is what a reader can ask for, except the stream.
var everything = []string{
	"/", "/check/" + checkFile("user-service"), "/feed.atom", "/badge.svg", "/badge.svg?check=user-service", "/metrics", "/export.tar", "/api/v1/state",
	"/api/v1/samples?check=user-service&resolution=1h", "/api/v1/changes?from=2020-01-01T00:00:00Z", "/api/v1/incidents?from=2020-01-01T00:00:00Z",
	"/api/v1/deployments?from=2020-01-01T00:00:00Z", "/api/v1/notes?from=2020-01-01T00:00:00Z", "/api/v1/schema.json",
}

func TestAnswers(t *testing.T) {
	f := shop()
	_, server := serving(t, f, Options{})
	for _, path := range everything {
		answer, body := get(t, server.URL+path)
		if answer.StatusCode != http.StatusOK || body == "" {
			t.Errorf("%s: %s, %d bytes", path, answer.Status, len(body))
		}
		csp := answer.Header.Get("Content-Security-Policy")
		if !strings.HasPrefix(csp, "default-src 'none';") || strings.Contains(csp, "unsafe") || strings.Contains(csp, "http") {
			t.Errorf("%s: the policy is %q", path, csp)
		}
	}
	for path, want := range map[string]int{
		"/nothing": 404, "/check/nothing.html": 404, "/assets/page.css": 404, "/badge.svg?check=nothing": 404, "/api/v1/samples?check=nothing": 400, "/api/v1/samples?check=user-service&resolution=x": 400,
		"/api/v1/changes?from=yesterday": 400, "/healthz": 200, "/..%2fetc": 404,
	} {
		if answer, _ := get(t, server.URL+path); answer.StatusCode != want {
			t.Errorf("%s: %s, want %d", path, answer.Status, want)
		}
	}
	f.set(func(f *fixture) { f.err = errors.New("disk I/O error") })
	time.Sleep(calm)
	for _, path := range []string{"/api/v1/notes", "/check/" + checkFile("billing-service")} {
		if answer, body := get(t, server.URL+path); answer.StatusCode != http.StatusServiceUnavailable || !strings.Contains(body, "the history cannot be read now: disk I/O error") {
			t.Errorf("%s with a broken history: %s %s", path, answer.Status, body)
		}
	}
	answer, err := http.Post(server.URL+"/", "text/plain", strings.NewReader("x"))
	if err != nil || answer.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST: %v %v", answer, err)
	}
}

// Everything that somebody else wrote is text, in every answer.
func TestTextStaysText(t *testing.T) {
	const evil = `<script>alert(1)</script>"'><img src=x onerror=alert(2)>&]]>`
	f := shop()
	f.set(func(f *fixture) {
		f.state.Project, f.state.LiveBy, f.state.Trouble = evil, evil, []string{evil}
		f.state.Deploying = &watch.Deploying{Command: evil, By: evil, Since: time.Now()}
		f.state.Colours[1].Containers[0] = watch.ContainerState{Service: evil, Name: evil, Image: evil, Digest: evil, State: evil, Health: evil, Problem: evil}
		f.state.Checks[2].Why, f.state.Checks[2].Target, f.state.Checks[2].Verdict = evil, evil, watch.Down
		f.state.Checks = append(f.state.Checks, watch.CheckState{Check: watch.Check{Name: evil, Kind: "http"}})
		f.notes = append(f.notes, watch.Note{ID: evil, At: time.Now(), Kind: watch.Outage, About: evil, Text: evil, By: evil})
		f.deployments = append(f.deployments, watch.Deployment{ID: evil, Release: evil, Command: "deploy", To: model.Blue, At: time.Now(), Outcome: evil, By: evil, Reasons: []string{evil}, Images: []watch.Image{{Service: evil, Ref: evil, Digest: evil}}})
		f.changes = append(f.changes, watch.Change{ID: evil, Subject: evil, From: watch.Healthy, To: watch.Down, At: time.Now(), Since: time.Now(), Why: evil})
	})
	_, server := serving(t, f, Options{})
	for _, path := range []string{"/", "/check/" + checkFile(evil), "/check/" + checkFile("user-service"), "/badge.svg", "/feed.atom"} {
		answer, body := get(t, server.URL+path)
		if answer.StatusCode != http.StatusOK || strings.Contains(body, "<script>") || strings.Contains(body, "<img") {
			t.Errorf("%s: %s, with markup of others", path, answer.Status)
		}
		if strings.Contains(path, ".") {
			if err := xml.NewDecoder(strings.NewReader(body)).Decode(new(struct{})); err != nil && strings.HasSuffix(path, "atom") {
				t.Errorf("%s is not XML: %v", path, err)
			}
		}
	}
}

func TestToken(t *testing.T) {
	_, server := serving(t, shop(), Options{Token: "a long token"})
	for _, path := range append(everything, "/events", "/nothing") {
		if answer, body := get(t, server.URL+path); answer.StatusCode != http.StatusUnauthorized || strings.Contains(body, "shop") {
			t.Errorf("%s without a token: %s", path, answer.Status)
		}
	}
	if answer, _ := get(t, server.URL+"/", "Authorization", "Bearer wrong"); answer.StatusCode != http.StatusUnauthorized {
		t.Errorf("a wrong token: %s", answer.Status)
	}
	if answer, _ := get(t, server.URL+"/", "Authorization", "Bearer a long token"); answer.StatusCode != http.StatusOK {
		t.Errorf("the token: %s", answer.Status)
	}
	if answer, _ := get(t, server.URL+"/", "Authorization", "Basic YW5uYTphIGxvbmcgdG9rZW4="); answer.StatusCode != http.StatusOK {
		t.Errorf("the token as a password: %s", answer.Status)
	}
	if answer, body := get(t, server.URL+"/healthz"); answer.StatusCode != http.StatusOK || body != "ok\n" {
		t.Errorf("/healthz: %s %q", answer.Status, body)
	}
}

// No web page of others can read a local page through a browser on this machine.
func TestLocalNames(t *testing.T) {
	_, server := serving(t, shop(), Options{Local: true})
	for host, want := range map[string]int{"localhost:9460": 200, "127.0.0.1": 200, "[::1]:9460": 200, "evil.example:9460": 421, "127.0.0.1.evil.example": 421} {
		if answer, _ := get(t, server.URL+"/", "Host", host); answer.StatusCode != want {
			t.Errorf("%s: %s, want %d", host, answer.Status, want)
		}
	}
	_, open := serving(t, shop(), Options{Local: true, Public: true})
	if answer, _ := get(t, open.URL+"/", "Host", "status.example.com"); answer.StatusCode != http.StatusOK {
		t.Errorf("a public page behind a proxy: %s", answer.Status)
	}
}

func TestCheckListen(t *testing.T) {
	for address, want := range map[string][3]bool{ // local; allowed as it is; allowed with a token or public
		"127.0.0.1:9460": {true, true, true}, "[::1]:9460": {true, true, true}, "localhost:0": {true, true, true}, "0.0.0.0:9460": {false, false, true},
		":9460": {false, false, true}, "192.0.2.1:80": {false, false, true}, "shop.example.com:80": {false, false, true}, "9460": {false, false, false},
	} {
		local, err := CheckListen(address, Options{})
		_, withToken := CheckListen(address, Options{Token: "t"})
		_, public := CheckListen(address, Options{Public: true})
		if got := [3]bool{local, err == nil, withToken == nil && public == nil}; got != want {
			t.Errorf("%s: %v, want %v", address, got, want)
		}
	}
}

// A public page shows no names of containers, hosts and people, no images and no evidence, in any answer.
func TestPublic(t *testing.T) {
	f := shop()
	f.fail("user-service", "shop-was-green-1 answered 503")
	f.set(func(f *fixture) {
		f.state.Trouble = []string{"cannot reach shop-was-green-1"}
		f.state.Deploying = &watch.Deploying{Command: "deploy", Release: "r", By: "ops@desk", Since: time.Now()}
		f.state.Checks = append(f.state.Checks, watch.CheckState{Check: watch.Check{Name: "tcp shop-was-green-1:3001", Kind: "tcp", Target: "shop-was-green-1:3001"}})
	})
	_, server := serving(t, f, Options{Public: true})
	for _, path := range everything {
		answer, body := get(t, server.URL+path)
		if answer.StatusCode != http.StatusOK {
			t.Errorf("%s: %s", path, answer.Status)
		}
		for _, secret := range []string{"was-green", "bluegate-shop", "6c1f0b7c9a52", "ops@desk", "runner-3", "localhost:8000", "503 Service", "answered 503", "db:5432", "2 of 2 addresses"} {
			if strings.Contains(body, secret) {
				t.Errorf("%s shows %q", path, secret)
			}
		}
	}
	_, body := get(t, server.URL+"/")
	for _, want := range []string{"2 of 2 containers are healthy", "tcp check 7", "user-service", "Deployment under way"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

func TestAPIFollowsItsSchema(t *testing.T) {
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(Schema))
	if err != nil {
		t.Fatal(err)
	}
	if err := compiler.AddResource("api.json", document); err != nil {
		t.Fatal(err)
	}
	f := shop()
	_, server := serving(t, f, Options{})
	empty := &fixture{}
	_, bare := serving(t, empty, Options{})
	_, outside := serving(t, f, Options{Public: true})
	for definition, path := range map[string]string{
		"state": "/api/v1/state", "samples": "/api/v1/samples?check=user-service", "changes": "/api/v1/changes?from=2020-01-01T00:00:00Z", "incidents": "/api/v1/incidents?from=2020-01-01T00:00:00Z",
		"deployments": "/api/v1/deployments?from=2020-01-01T00:00:00Z", "notes": "/api/v1/notes?from=2020-01-01T00:00:00Z", "error": "/api/v1/samples?check=nothing",
	} {
		schema, err := compiler.Compile("api.json#/$defs/" + definition)
		if err != nil {
			t.Fatal(err)
		}
		for _, base := range []string{server.URL, bare.URL, outside.URL} {
			_, body := get(t, base+path)
			value, err := jsonschema.UnmarshalJSON(strings.NewReader(body))
			if err != nil {
				t.Errorf("%s: %v", path, err)
				continue
			}
			if definition == "samples" && base == bare.URL {
				continue // it has no such check
			}
			if err := schema.Validate(value); err != nil {
				t.Errorf("%s: %v\n%s", path, err, body)
			}
			if items, ok := value.([]any); ok && len(items) == 0 && base == server.URL {
				t.Errorf("%s is empty, so that nothing is tested", path)
			}
		}
	}
	var state stateJSON
	_, body := get(t, server.URL+"/api/v1/state")
	if err := json.Unmarshal([]byte(body), &state); err != nil || state.Overall != Well || len(state.Checks) != 6 {
		t.Errorf("the state: %v %s", err, body)
	}
}

// The feed has what RFC 4287 requires.
func TestFeed(t *testing.T) {
	_, server := serving(t, shop(), Options{})
	answer, body := get(t, server.URL+"/feed.atom")
	if kind := answer.Header.Get("Content-Type"); !strings.HasPrefix(kind, "application/atom+xml") {
		t.Errorf("the type is %s", kind)
	}
	var f atomFeed
	if err := xml.Unmarshal([]byte(body), &f); err != nil {
		t.Fatal(err)
	}
	if f.ID == "" || f.Title == "" || f.Author.Name == "" || len(f.Entries) != 7 {
		t.Errorf("the feed is %+v", f)
	}
	ids, last := map[string]bool{}, f.Updated
	tag := regexp.MustCompile(`^tag:bluegate,2026:[A-Za-z0-9._-]+/[a-z]+/[A-Za-z0-9._-]+$`)
	for _, e := range f.Entries {
		if _, err := time.Parse(time.RFC3339, e.Updated); err != nil || e.Title == "" || ids[e.ID] || !tag.MatchString(e.ID) || e.Content.Type != "text" {
			t.Errorf("an entry is %+v", e)
		}
		if e.Updated > last {
			t.Errorf("%s is newer than the entry before it", e.ID)
		}
		ids[e.ID], last = true, e.Updated
	}
}

func TestBadge(t *testing.T) {
	f := shop()
	_, server := serving(t, f, Options{})
	if _, body := get(t, server.URL+"/badge.svg"); !strings.Contains(body, "<title>shop: all well</title>") {
		t.Errorf("the badge: %s", body)
	}
	f.fail("user-service", "503")
	time.Sleep(calm + calm/2)
	for path, want := range map[string]string{"/badge.svg": "shop: outage", "/badge.svg?check=user-service": "user-service: down", "/badge.svg?check=billing-service": "billing-service: healthy"} {
		_, body := get(t, server.URL+path)
		if err := xml.Unmarshal([]byte(body), new(struct{})); err != nil || !strings.Contains(body, "<title>"+want+"</title>") {
			t.Errorf("%s: %v %s, want %s", path, err, body, want)
		}
	}
}

func TestMetrics(t *testing.T) {
	f := shop()
	f.fail("user-service", "503")
	problems, err := testutil.CollectAndLint(collector{f})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if p.Metric != "bluegate_check_certificate_days" { // people think of certificates in days
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	}
	_, server := serving(t, f, Options{})
	_, body := get(t, server.URL+"/metrics")
	for _, want := range []string{
		`bluegate_check_verdict{check="user-service",kind="http",verdict="down"} 1`, `bluegate_check_verdict{check="user-service",kind="http",verdict="healthy"} 0`,
		`bluegate_check_result{check="billing-service",kind="http",result="good"} 1`, `bluegate_check_duration_seconds{check="user-service",kind="http"} 0.008`,
		`bluegate_colour_live{colour="green"} 1`, `bluegate_colour_containers{colour="green",health="healthy",state="running"} 2`, `bluegate_deploying 0`,
		`bluegate_deployments_total{command="deploy",outcome="promoted"} 2`, `bluegate_deployment_duration_seconds_sum{command="deploy",outcome="refused"} 21`, `bluegate_check_certificate_days{check="certificate",kind="tls"} 60.9`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("there is no %s", want)
		}
	}
	for _, line := range strings.Split(strings.TrimSpace(body), "\n") {
		if !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "bluegate_") {
			t.Errorf("a name does not begin with bluegate_: %s", line)
		}
	}
}

// Every link of the static files leads to one of them, and none of them needs a script.
func TestStatic(t *testing.T) {
	p, _ := serving(t, shop(), Options{})
	all, err := p.Static(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, f := range all {
		names[f.Name] = true
	}
	link := regexp.MustCompile(`(?:href|src)="([^"#]+)"`)
	for _, f := range all {
		if !strings.HasSuffix(f.Name, ".html") {
			continue
		}
		if strings.Contains(string(f.Text), "<script") || !strings.Contains(string(f.Text), "as files; not live") {
			t.Errorf("%s has a script, or does not say that it is not live", f.Name)
		}
		for _, found := range link.FindAllStringSubmatch(string(f.Text), -1) {
			to := strings.TrimPrefix(found[1], "./")
			if strings.HasPrefix(f.Name, "check/") {
				to = strings.TrimPrefix(to, "../")
			}
			if !names[to] {
				t.Errorf("%s: the link %s leads nowhere", f.Name, found[1])
			}
		}
	}
	if len(all) < 12 {
		t.Errorf("only %d files", len(all))
	}
}
