package drill

import (
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"bluegate/deploy/drill/load"
	"bluegate/deploy/model"
	"bluegate/deploy/report"
)

func TestParsePath(t *testing.T) {
	for text, want := range map[string]string{
		"/": "[no-keepalive keepalive] /", "/a=b": "[no-keepalive keepalive] /a=b", "long=/slow?for=1s": "[long] /slow?for=1s",
		"websocket=/ws": "[websocket] /ws", "keepalive=/x": "[keepalive] /x",
	} {
		kinds, path, err := ParsePath(text)
		if got := fmt.Sprintf("%v %s", kinds, path); err != nil || got != want {
			t.Errorf("%s: %s, %v; want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"", "slow", "lnog=/slow", "long=slow", "=/"} {
		if _, _, err := ParsePath(text); !model.Is[*model.InvalidError](err) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestCheck(t *testing.T) {
	for name, test := range map[string]struct {
		s  Settings
		ok bool
	}{
		"defaults":          {Settings{}, true},
		"many":              {Settings{Switches: 100, Rate: 2000}, true},
		"odd":               {Settings{Switches: 3}, false},
		"too many":          {Settings{Switches: 102}, false},
		"negative":          {Settings{Switches: -2}, false},
		"too fast":          {Settings{Rate: 2001}, false},
		"POST without":      {Settings{Paths: map[load.Kind][]string{load.Upload: {"/up"}}}, false},
		"POST, and allowed": {Settings{Paths: map[load.Kind][]string{load.Upload: {"/up"}}, AllowPost: true}, true},
	} {
		if err := test.s.WithDefaults().Check(); (err == nil) != test.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Nothing that may have an effect is sent unless it is allowed, and what is not tried is said with its reason.
func TestWhatIsSent(t *testing.T) {
	tried := func(s Settings) (kinds []load.Kind) {
		for _, k := range load.AllKinds() {
			paths, skipped := s.paths(k)
			if (skipped == "") != (len(paths) > 0) {
				t.Errorf("%s: %v, %q", k, paths, skipped)
			}
			if len(paths) > 0 {
				kinds = append(kinds, k)
			}
		}
		return kinds
	}
	if got := tried(Settings{}); !slices.Equal(got, []load.Kind{load.NoKeepAlive, load.KeepAlive}) {
		t.Errorf("without anything said %v are sent", got)
	}
	all := Settings{AllowPost: true, Paths: map[load.Kind][]string{load.Long: {"/l"}, load.Stream: {"/s"}, load.WebSocket: {"/w"}}}
	if got := tried(all); !slices.Equal(got, load.AllKinds()) {
		t.Errorf("%v are sent", got)
	}
	for kind, calls := range (Settings{}).options().Calls {
		for _, c := range calls {
			if c.Method != http.MethodGet {
				t.Errorf("%s sends %s", kind, c.Method)
			}
		}
	}
}

// What is normal is learned from a real server: the status, how long a long request takes, and that a stream continues.
func TestLearn(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/login":
			http.Redirect(w, r, "/there", http.StatusFound)
		case "/slow":
			time.Sleep(100 * time.Millisecond)
		case "/endless":
			for r.Context().Err() == nil {
				io.WriteString(w, "more\n")
				http.NewResponseController(w).Flush()
				time.Sleep(10 * time.Millisecond)
			}
		}
	}))
	defer server.Close()
	s := Settings{Paths: map[load.Kind][]string{load.NoKeepAlive: {"/login", "/"}, load.Long: {"/slow"}, load.Stream: {"/endless", "/short"}}}.WithDefaults()
	o, err := s.Learn(t.Context(), HTTP{}, server.URL)
	if err != nil {
		t.Fatal(err)
	}
	short, long, streams := o.Calls[load.NoKeepAlive], o.Calls[load.Long][0], o.Calls[load.Stream]
	if short[0].Status != 302 || short[1].Status != 200 || long.Status != 200 || long.Takes < 100*time.Millisecond || long.Takes > 20*time.Second || !streams[0].Endless || streams[1].Endless {
		t.Errorf("%+v\n%+v\n%+v", short, long, streams)
	}
}

// A server that would tell nothing is refused before anything is switched.
func TestLearnRefuses(t *testing.T) {
	calls := 0
	for name, test := range map[string]struct {
		handler http.HandlerFunc
		says    string
	}{
		"an error":     {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(502) }, "answers 502"},
		"a redirect":   {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/x", http.StatusMovedPermanently) }, "no colour gets a request"},
		"in turn":      {func(w http.ResponseWriter, _ *http.Request) { calls++; w.WriteHeader(200 + calls%7) }, "and not again"},
		"no websocket": {func(w http.ResponseWriter, _ *http.Request) {}, "must answer 101"},
		"what is cut": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "9")
			io.WriteString(w, "half")
		}, "cut"},
		"no answer":     {func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) }, "is not answered"},
		"a busy server": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }, "answers 503"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(test.handler)
			defer server.Close()
			s := Settings{}.WithDefaults()
			if name == "no websocket" {
				s.Paths = map[load.Kind][]string{load.WebSocket: {"/"}}
			}
			_, err := s.Learn(t.Context(), HTTP{}, server.URL)
			if reasons := model.ReasonsOf(err); len(reasons) != 1 || reasons[0].Code != model.LoadFailed || !strings.Contains(err.Error(), test.says) {
				t.Errorf("%v", err)
			}
		})
	}
	if _, err := (Settings{}).WithDefaults().Learn(t.Context(), HTTP{}, "http://127.0.0.1:1"); err == nil || !strings.Contains(err.Error(), "--url") {
		t.Errorf("nobody listens: %v", err)
	}
	if _, err := (Settings{}).WithDefaults().Learn(t.Context(), HTTP{}, "ftp://127.0.0.1"); !model.Is[*model.InvalidError](err) {
		t.Errorf("no URL of HTTP: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := (Settings{}).WithDefaults().Learn(ctx, HTTP{}, "http://127.0.0.1:1"); err == nil {
		t.Error("it goes on after the end")
	}
}

// Each lost request belongs to a switch, and counts as announced only if a finding announces just that.
func TestTally(t *testing.T) {
	at := func(ms int) time.Time { return time.UnixMilli(1_000_000 + int64(ms)) }
	race, cut := model.Finding{Code: "keepalive-race"}, model.Finding{Code: "shutdown-timeout"}
	post := load.Request{Kind: load.KeepAlivePost, End: at(1500), Reused: true, Err: "EOF", Loss: load.Closed}
	for name, test := range map[string]struct {
		lost            load.Request
		findings        []model.Finding
		announced       int
		after, perFirst int
	}{
		"a POST":                                {post, []model.Finding{race}, 1, 500, 1},
		"a POST, and nothing announces it":      {post, nil, 0, 500, 1},
		"a POST, and another finding":           {post, []model.Finding{cut}, 0, 500, 1},
		"a POST on a new connection":            {with(post, func(r *load.Request) { r.Reused = false }), []model.Finding{race}, 0, 500, 1},
		"a POST that got a 502":                 {with(post, func(r *load.Request) { r.Loss = load.WrongAnswer }), []model.Finding{race}, 0, 500, 1},
		"a POST before the first switch":        {with(post, func(r *load.Request) { r.End = at(900) }), []model.Finding{race}, 0, 0, 0},
		"a POST after the second switch":        {with(post, func(r *load.Request) { r.End = at(2100) }), []model.Finding{race}, 1, 100, 0},
		"a GET":                                 {with(post, func(r *load.Request) { r.Kind = load.NoKeepAlive }), []model.Finding{race}, 0, 500, 1},
		"a long request that was cut":           {with(post, func(r *load.Request) { r.Kind, r.Loss, r.Reused = load.Long, load.Cut, false }), []model.Finding{race, cut}, 1, 500, 1},
		"a long request that took too long":     {with(post, func(r *load.Request) { r.Kind, r.Loss = load.Long, load.TimedOut }), []model.Finding{cut}, 0, 500, 1},
		"a websocket that was closed":           {with(post, func(r *load.Request) { r.Kind, r.Loss = load.WebSocket, load.Cut }), []model.Finding{cut}, 1, 500, 1},
		"a connection that was refused":         {with(post, func(r *load.Request) { r.Kind, r.Loss = load.NoKeepAlive, load.NotConnected }), []model.Finding{{Code: "reuseport"}}, 1, 500, 1},
		"a connection that was refused, simply": {with(post, func(r *load.Request) { r.Kind, r.Loss = load.NoKeepAlive, load.NotConnected }), []model.Finding{race, cut}, 0, 500, 1},
	} {
		good := load.Request{Kind: load.KeepAlive, End: at(10), Status: 200, Resent: 1}
		switches := []report.DrillSwitch{{To: model.Blue, At: at(1000)}, {To: model.Green, At: at(2000)}}
		s := Settings{AllowPost: true}.WithDefaults()
		d := s.Tally("http://x", time.Second, load.NewRecord([]load.Request{test.lost, good}, 9), switches, test.findings)
		if d.Requests != 2 || d.Lost != 1 || d.Announced != test.announced || d.Switches[0].Lost != test.perFirst || switches[0].Lost != 0 {
			t.Errorf("%s: %+v", name, d)
		}
		k := d.Kinds[slices.IndexFunc(d.Kinds, func(k report.DrillKind) bool { return k.Kind == string(test.lost.Kind) })]
		if k.Lost != 1 || len(k.Losses) != 1 || k.Losses[0].AfterMS != int64(test.after) || k.Losses[0].Announced != (test.announced == 1) {
			t.Errorf("%s: %+v", name, k)
		}
		if r := d.Kinds[slices.IndexFunc(d.Kinds, func(k report.DrillKind) bool { return k.Kind == "keepalive" })]; r.Resent != 1 || r.Requests < 1 {
			t.Errorf("%s: %+v", name, r)
		}
		if len(d.Kinds) != len(load.AllKinds()) {
			t.Errorf("%s: %d kinds", name, len(d.Kinds))
		}
	}
}

func with(r load.Request, change func(*load.Request)) load.Request {
	change(&r)
	return r
}

func TestBadge(t *testing.T) {
	for _, test := range []struct {
		lost, announced int
		colour          string
	}{{0, 0, "#2e7d32"}, {3, 3, "#9a6700"}, {3, 2, "#b3261e"}} {
		svg := Badge(&report.Drill{Requests: 1234, Lost: test.lost, Announced: test.announced, Switches: make([]report.DrillSwitch, 2)})
		var root struct {
			XMLName xml.Name
			Title   string `xml:"title"`
		}
		if err := xml.Unmarshal(svg, &root); err != nil || root.XMLName.Local != "svg" || !strings.Contains(root.Title, fmt.Sprintf("%d of 1234", test.lost)) {
			t.Errorf("%v: %s", err, svg)
		}
		if !strings.Contains(string(svg), test.colour) {
			t.Errorf("%d lost, %d announced: %s", test.lost, test.announced, svg)
		}
	}
}

func TestSentence(t *testing.T) {
	d := &report.Drill{Requests: 90, Lost: 3, Announced: 2, Switches: make([]report.DrillSwitch, 2), Kinds: []report.DrillKind{{Kind: "keepalive-post", Lost: 2}, {Kind: "long", Lost: 1}, {Kind: "upload"}}}
	if got, want := Sentence(d), "3 of 90 requests were lost in 2 switches (2 keepalive-post, 1 long), 2 of them as doctor announces"; got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}
