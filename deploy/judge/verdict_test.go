package judge

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func side(address string) Side {
	return map[string]Side{"old": Old, "new": New}[address]
}

// many are requests that one side answered.
func many(n, first int, address string, status int, took time.Duration) (all []Record) {
	for i := range n {
		all = append(all, Record{
			ID: fmt.Sprintf("%d:%d", first, i), Status: status, Request: "GET /" + address,
			Attempts: []Attempt{{Address: address, Status: status, Took: took}}, Key: fmt.Sprint("client ", i),
		})
	}
	return all
}

func window(records ...[]Record) *Window {
	w := NewWindow(side)
	for _, r := range records {
		w.Add(Batch{Records: r})
	}
	return w
}

func TestVerdict(t *testing.T) {
	const ms = time.Millisecond
	limits := func(set func(*Limits)) Limits {
		l := DefaultLimits()
		if set != nil {
			set(&l)
		}
		return l
	}
	relative := func(l *Limits) { l.Errors, l.WorseThanOld = 1, 2 }
	retried := func(n int) (all []Record) {
		for i := range n {
			all = append(all, Record{ID: fmt.Sprint("r:", i), Status: 200, Request: "GET /retried", Attempts: []Attempt{{"new", 502, ms}, {"old", 200, ms}}})
		}
		return all
	}
	for _, test := range []struct {
		name   string
		window *Window
		limits Limits
		want   Decision
		why    string // a part of the first reason
	}{
		{"all good", window(many(50, 1, "new", 200, ms)), limits(nil), Passed, ""},
		{"one too few", window(many(49, 1, "new", 200, ms)), limits(nil), CannotTell, "49 requests"},
		{"none", window(), limits(nil), CannotTell, "0 requests"},
		{"too few, all failed: still not told", window(many(49, 1, "new", 500, ms)), limits(nil), CannotTell, "49 requests"},
		{"5 % of 5xx", window(many(95, 1, "new", 200, ms), many(5, 2, "new", 500, ms)), limits(nil), Worse, "5 % of the requests of the new colour failed"},
		{"exactly the limit", window(many(99, 1, "new", 200, ms), many(1, 2, "new", 500, ms)), limits(nil), Passed, ""},
		{"404 is an answer", window(many(60, 1, "new", 404, ms)), limits(nil), Passed, ""},
		{"retried on the old colour: no 5xx, and an upstream error", window(many(95, 1, "new", 200, ms), retried(5)), limits(nil), Worse, "met an upstream error"},
		{"given up by the client", window(many(60, 1, "new", 200, ms), many(60, 2, "new", 499, ms)), limits(nil), Passed, ""},
		{"slow", window(many(90, 1, "new", 200, ms), many(10, 2, "new", 200, 900*ms)), limits(func(l *Limits) { l.P95 = 800 * ms }), Worse, "within 900 ms"},
		{"slow for one in fifty", window(many(98, 1, "new", 200, ms), many(2, 2, "new", 200, 900*ms)), limits(func(l *Limits) { l.P95 = 800 * ms }), Passed, ""},
		{"a websocket's time is that of its connection", window(many(60, 1, "new", 101, time.Hour)), limits(func(l *Limits) { l.P95 = ms }), Passed, ""},
		{"nothing of the old colour to compare with", window(many(60, 1, "new", 200, ms)), limits(relative), CannotTell, "0 requests of the old colour"},
		{"three times the failures", window(many(880, 1, "old", 200, ms), many(20, 2, "old", 500, ms), many(93, 3, "new", 200, ms), many(7, 4, "new", 500, ms)), limits(relative), Worse, "and 2.2 % of the old one's"},
		{"as bad as the old one", window(many(90, 1, "old", 200, ms), many(10, 2, "old", 500, ms), many(90, 3, "new", 200, ms), many(10, 4, "new", 500, ms)), limits(relative), Passed, ""},
		{"one failure against none", window(many(100, 1, "old", 200, ms), many(49, 3, "new", 200, ms), many(1, 4, "new", 500, ms)), limits(relative), Passed, ""},
		{"three times as slow", window(many(100, 1, "old", 200, 20*ms), many(60, 3, "new", 200, 60*ms)), limits(relative), Worse, "within 60 ms, and of the old one's within 20 ms"},
		{"three times nothing", window(many(100, 1, "old", 200, ms), many(60, 3, "new", 200, 3*ms)), limits(relative), Passed, ""},
	} {
		v := test.window.Verdict(test.limits)
		if v.Decision != test.want || test.why != "" && (len(v.Why) == 0 || !strings.Contains(v.Why[0], test.why)) {
			t.Errorf("%s: %s %q, want %s %q (%s)", test.name, v.Decision, v.Why, test.want, test.why, v.Summary())
		}
	}
}

func TestUnseenServiceCannotBeTold(t *testing.T) {
	w := window(many(60, 1, "new", 200, 0))
	w.Unseen = []string{"signal (shop.conf:7)"}
	if v := w.Verdict(DefaultLimits()); v.Decision != CannotTell || !strings.Contains(v.Why[0], "signal (shop.conf:7)") {
		t.Errorf("%s %q", v.Decision, v.Why)
	}
	w.Add(Batch{Records: many(60, 2, "new", 500, 0)})
	if v := w.Verdict(DefaultLimits()); v.Decision != Worse {
		t.Errorf("what is seen is worse: %s %q", v.Decision, v.Why)
	}
}

func TestLostLines(t *testing.T) {
	w := window(many(90, 1, "new", 200, 0))
	w.Add(Batch{Lost: 3, Unreadable: 1})
	if v := w.Verdict(DefaultLimits()); v.Decision != Passed || v.Lost != 3 || v.Unreadable != 1 {
		t.Errorf("few: %+v", v)
	}
	w.Add(Batch{Lost: 20})
	if v := w.Verdict(DefaultLimits()); v.Decision != CannotTell || !strings.Contains(v.Why[0], "24 lines") {
		t.Errorf("many: %s %q", v.Decision, v.Why)
	}
}

func TestDuplicates(t *testing.T) {
	w := window(many(60, 1, "new", 500, 0), many(60, 1, "new", 500, 0))
	if v := w.Verdict(DefaultLimits()); v.New.Requests != 60 || v.Duplicates != 60 {
		t.Errorf("%+v", v)
	}
	w.Add(Batch{Fresh: true, Records: many(60, 1, "new", 500, 0)}) // nginx was restarted, and counts again
	if v := w.Verdict(DefaultLimits()); v.New.Requests != 120 {
		t.Errorf("after a restart: %+v", v)
	}
}

func TestConstantKey(t *testing.T) {
	w := NewWindow(side)
	for i := range 49 {
		w.Add(Batch{Records: []Record{{ID: fmt.Sprint(i), Key: "172.18.0.1", Attempts: []Attempt{{Address: "old", Status: 200}}, Status: 200}}})
	}
	if _, constant := w.ConstantKey(); constant {
		t.Error("after 49 requests")
	}
	w.Add(Batch{Records: []Record{{ID: "x", Key: "172.18.0.1", Attempts: []Attempt{{Address: "new", Status: 200}}, Status: 200}}})
	if key, constant := w.ConstantKey(); !constant || key != "172.18.0.1" {
		t.Errorf("%q, %v", key, constant)
	}
	w.Add(Batch{Records: []Record{{ID: "y", Key: "172.18.0.9", Attempts: []Attempt{{Address: "new", Status: 200}}, Status: 200}}})
	if _, constant := w.ConstantKey(); constant {
		t.Error("after another key")
	}
}

func TestWorstPaths(t *testing.T) {
	w := NewWindow(side)
	for i := range 10 * mostPaths {
		w.Add(Batch{Records: []Record{{ID: fmt.Sprint(i), Request: fmt.Sprint("GET /", i), Status: 200, Attempts: []Attempt{{Address: "new", Status: 200}}}}})
	}
	if len(w.paths) > mostPaths+1 {
		t.Errorf("%d paths are kept", len(w.paths))
	}
	w = window(many(60, 1, "new", 200, 0))
	for i := range 7 {
		for j := range i + 1 {
			w.Add(Batch{Records: []Record{{ID: fmt.Sprint("p", i, "-", j), Request: fmt.Sprint("GET /p", i), Status: 503, Attempts: []Attempt{{Address: "new", Status: 503}}}}})
		}
	}
	v := w.Verdict(DefaultLimits())
	if len(v.Worst) != 5 || v.Worst[0] != (Path{"GET /p6", 7, 7, 0}) || v.Worst[4].Request != "GET /p2" {
		t.Errorf("%+v", v.Worst)
	}
	if !strings.Contains(v.Summary(), "worst paths: GET /p6 (7 of 7 failed), GET /p5") {
		t.Error(v.Summary())
	}
}

var records = rapid.Custom(func(t *rapid.T) Record {
	r := Record{
		ID:      fmt.Sprint(rapid.IntRange(0, 400).Draw(t, "id")),
		Status:  rapid.SampledFrom([]int{0, 101, 200, 301, 404, 499, 500, 502, 504}).Draw(t, "status"),
		Request: rapid.SampledFrom([]string{"GET /", "GET /a", "POST /b"}).Draw(t, "request"),
	}
	for range rapid.IntRange(0, 3).Draw(t, "attempts") {
		r.Attempts = append(r.Attempts, Attempt{
			Address: rapid.SampledFrom([]string{"old", "new", "other"}).Draw(t, "address"),
			Status:  rapid.SampledFrom([]int{0, 101, 200, 404, 500, 502}).Draw(t, "answer"),
			Took:    time.Duration(rapid.IntRange(-1, 2000).Draw(t, "took")) * time.Millisecond,
		})
	}
	return r
})

// Whatever comes: it does not matter in which batches, nothing is judged by fewer requests than wanted, no colour has
// more failures than requests, and one more failure never makes a verdict better.
func TestVerdictProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfN(records, 0, 300).Draw(t, "records")
		cut := rapid.IntRange(0, len(all)).Draw(t, "cut")
		l := Limits{
			Errors: rapid.Float64Range(0, 0.5).Draw(t, "errors"), WorseThanOld: rapid.SampledFrom([]float64{0, 1.5, 2}).Draw(t, "worse"),
			P95: time.Duration(rapid.IntRange(0, 1500).Draw(t, "p95")) * time.Millisecond, MinRequests: rapid.IntRange(1, 80).Draw(t, "min"),
		}
		whole, parts := window(all), window(all[:cut], all[cut:])
		v, again := whole.Verdict(l), parts.Verdict(l)
		if fmt.Sprint(v) != fmt.Sprint(again) {
			t.Fatalf("by the batches:\n%+v\n%+v", v, again)
		}
		if v.New.Requests < l.MinRequests && v.Decision != CannotTell {
			t.Fatalf("%s by %d of %d requests", v.Decision, v.New.Requests, l.MinRequests)
		}
		if (v.Decision == Passed) != (len(v.Why) == 0) {
			t.Fatalf("%s with reasons %q", v.Decision, v.Why)
		}
		for _, f := range []Figures{v.New, v.Old} {
			if f.Failed+f.Closed > f.Requests || f.UpstreamErrors > f.Requests || f.P50MS > f.P95MS {
				t.Fatalf("impossible figures: %+v", f)
			}
		}
		for i := range 100 {
			whole.Add(Batch{Records: []Record{{ID: fmt.Sprint("more ", i), Status: 500, Attempts: []Attempt{{Address: "new", Status: 500, Took: 3 * time.Second}}}}})
		}
		if worse := whole.Verdict(l); v.Decision == Worse && worse.Decision != Worse && l.WorseThanOld == 0 {
			t.Fatalf("100 failures more, and %s after %s", worse.Decision, v.Decision)
		}
	})
}
