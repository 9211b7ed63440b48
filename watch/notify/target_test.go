package notify

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"bluegate/watch"
)

func TestNewTarget(t *testing.T) {
	for address, want := range map[string]string{
		"https://example.com/hook": "",
		"http://127.0.0.1:9000/":   "",
		"https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX":      "",
		"slack://hook:T00000000-B00000000-XXXXXXXXXXXXXXXXXXXXXXXX@webhook":                  "",
		"https://discord.com/api/webhooks/123456789012345678/abcDEF-ghiJKL":                  "",
		"discord://abcDEF-ghiJKL@123456789012345678":                                         "",
		"telegram://110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw@telegram?chats=@shop":       "",
		"smtp://user:secret-word@mail.example.com:587/?from=a@example.com&to=b@example.com":  "",
		"ntfy://ntfy.sh/shop-alarms":                                                         "",
		"pushover://shoutrrr:azGDORePK8gMaC0QOYAMyEEuzJnyUi@uQiRzpo4DXghDmr9QzzfQu27cmVRsG/": "",
		"generic+https://example.com/hook?template=json":                                     "",
		"":                      "not an address",
		"hooks.slack.com":       "not an address",
		"https:///hook":         "the URL has no host",
		"pigeon://secret-coop/": "unknown service",
		"slack://secret-token":  "not complete or not valid",
		"logger://":             "a log that nobody reads",
	} {
		_, err := NewTarget(address, nil, 0)
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", address, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: %v, want %q", address, err, want)
		case err != nil && strings.Contains(err.Error(), "secret"):
			t.Errorf("%s: the error shows a secret: %v", address, err)
		}
	}
}

func TestTargetRules(t *testing.T) {
	for name, test := range map[string]struct {
		on     []watch.EventKind
		remind time.Duration
		want   string
	}{
		"defaults":         {nil, 0, ""},
		"up alone":         {[]watch.EventKind{watch.EventUp}, 0, "up is sent only after down or degraded"},
		"up after":         {[]watch.EventKind{watch.EventUp, watch.EventDegraded}, 0, ""},
		"unknown":          {[]watch.EventKind{"dwn"}, 0, `unknown kind of event "dwn": must be one of down, up, `},
		"too often":        {nil, 4 * time.Minute, "the shortest time is 5m0s"},
		"the shortest":     {nil, 5 * time.Minute, ""},
		"less than a none": {nil, -time.Minute, "the shortest time is 5m0s"},
	} {
		_, err := NewTarget("https://example.com/", test.on, test.remind)
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
}

func TestNamesTellServicesAndNoSecrets(t *testing.T) {
	name := func(address string) string {
		made, err := NewTarget(address, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		return made.Name
	}
	a, b := name("https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX"), name("https://hooks.slack.com/services/T00000000/B00000000/YXXXXXXXXXXXXXXXXXXXXXXX")
	if a == b || !strings.HasPrefix(a, "slack-") || len(a) != len("slack-")+8 {
		t.Errorf("names: %s, %s", a, b)
	}
}

// No error shows a part of an address, whatever a service writes into its own errors.
func TestErrorsShowNoAddress(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := l.Addr().String() // and nobody listens there any more
	l.Close()
	for _, address := range []string{
		"http://user:hunter2secret@" + nobody + "/hunter3secret?token=hunter4secret",
		"generic+http://" + nobody + "/hunter3secret?token=hunter4secret",
		"ntfy://user:hunter2secret@" + nobody + "/hunter3secret?scheme=http",
		"gotify://" + nobody + "/AhunterSecret12?disabletls=yes",
		"mattermost://" + nobody + "/hunter3secret?disabletls=yes",
		"smtp://user:hunter2secret@" + nobody + "/?from=a@example.com&to=b@example.com",
	} {
		made, err := NewTarget(address, nil, 0)
		if err != nil {
			t.Errorf("%s: %v", address, err)
			continue
		}
		err = made.Send(t.Context(), event("1", watch.EventDown, "a"))
		if err == nil || strings.Contains(strings.ToLower(err.Error()), "hunter") {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestWebhook(t *testing.T) {
	var got []*http.Request
	var bodies []string
	answer := func(w http.ResponseWriter) { w.WriteHeader(http.StatusAccepted) }
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got, bodies = append(got, r), append(bodies, string(body))
		answer(w)
	}))
	defer server.Close()
	made, err := NewTarget(server.URL+"/hook", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	e := event("2026-1", watch.EventDown, "user-service")
	if err := made.Send(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || got[0].Header.Get("Idempotency-Key") != "2026-1" || got[0].Header.Get("Content-Type") != "application/json" || got[0].Method != http.MethodPost {
		t.Fatalf("received %v", got)
	}
	var m message
	if err := json.Unmarshal([]byte(bodies[0]), &m); err != nil {
		t.Fatal(err)
	}
	if m.ID != "2026-1" || m.Title != "shop: user-service is down" || !strings.HasPrefix(m.Text, "503\nSince ") || !m.At.Equal(e.At) {
		t.Errorf("received %+v", m)
	}
	for status, refused := range map[int]bool{400: true, 422: true, 403: false, 404: false, 429: false, 500: false, 301: false, 302: false} {
		answer = func(w http.ResponseWriter) {
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, "why")
		}
		got = nil
		err := made.Send(t.Context(), e)
		failed, ok := err.(*SendError)
		if !ok || failed.Refused != refused || !strings.HasSuffix(failed.Text, ": why") || len(got) != 1 {
			t.Errorf("%d: %#v after %d requests", status, err, len(got))
		}
	}
}

func TestText(t *testing.T) {
	at := time.Date(2026, 11, 28, 14, 3, 20, 0, time.UTC)
	for want, e := range map[string]watch.Event{
		"shop: api is down|GET /: 503|Since 2026-11-28 14:01:20 UTC.":                              {Kind: watch.EventDown, Project: "shop", Subject: "api", Why: "GET /: 503", At: at, Since: at.Add(-2 * time.Minute)},
		"shop: api is still down|503|It has lasted 1h30m, since 2026-11-28 12:33:20 UTC.":          {Kind: watch.EventDown, Project: "shop", Subject: "api", Why: "503", At: at, Since: at.Add(-90 * time.Minute), Lasted: 90 * time.Minute},
		"shop: api is healthy again|It was not healthy for 4m10s, until 2026-11-28 14:03:10 UTC.":  {Kind: watch.EventUp, Project: "shop", Subject: "api", At: at, Since: at.Add(-10 * time.Second), Lasted: 250 * time.Second},
		"shop: green was refused|unhealthy: was-green|At 2026-11-28 14:03:20 UTC.":                 {Kind: watch.EventRefused, Project: "shop", Subject: "green", Why: "unhealthy: was-green", At: at},
		"shop: green needs a person|still drains|At 2026-11-28 14:03:20 UTC.|Run: bluegate settle": {Kind: watch.EventNeedsPerson, Project: "shop", Subject: "green", Why: "still drains", At: at, Run: "bluegate settle"},
		"the live colour is down|unhealthy|At 2026-11-28 14:03:20 UTC.":                            {Kind: watch.EventDown, Subject: watch.Live, Why: "unhealthy", At: at},
		"blue is live|At 2026-11-28 14:03:20 UTC.":                                                 {Kind: watch.EventPromoted, Subject: "blue", At: at},
	} {
		if got := Title(e) + "|" + strings.ReplaceAll(Text(e), "\n", "|"); got != want {
			t.Errorf("%s\nwant %s", got, want)
		}
	}
	if long := Text(watch.Event{Why: strings.Repeat("ä", 5000), At: at}); len([]rune(long)) > textLimit+100 {
		t.Errorf("a text of %d runes", len([]rune(long)))
	}
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		250 * time.Millisecond: "250ms", 4*time.Minute + 10*time.Second: "4m10s", 3*time.Hour + 20*time.Minute: "3h20m", time.Hour: "1h", 49 * time.Minute: "49m",
		52 * time.Hour: "2d4h", 48 * time.Hour: "2d", 240 * time.Hour: "10d",
	} {
		if got := Span(d); got != want {
			t.Errorf("%d: %s, want %s", d, got, want)
		}
	}
}

func TestSendAllWaitsForNoOther(t *testing.T) {
	failing := target(t, "failing", &people{answer: nil})
	hung := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then is the end of the connection seen
		<-r.Context().Done()
	}))
	defer hung.Close()
	slow, err := NewTarget(hung.URL, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	failed := SendAll(ctx, []Target{failing, slow}, event("1", watch.EventRefused, "green"))
	if len(failed) != 1 || failed[slow.Name] == nil {
		t.Errorf("failed: %v", failed)
	}
	if !slices.Equal(failing.sender.(*people).got, []string{"1"}) {
		t.Error("the other target was not told")
	}
}
