package history

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"bluegate/watch"
	"bluegate/watch/verdict"
)

// open opens a history that does nothing by itself.
func open(t *testing.T, path string, o Options) *History {
	t.Helper()
	o.Brief = true
	h, err := Open(t.Context(), path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() })
	return h
}

func fresh(t *testing.T) *History {
	t.Helper()
	return open(t, filepath.Join(t.TempDir(), "shop.db"), Options{})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func samplesOf(t *testing.T, h *History, check string, from, to time.Time, resolution time.Duration) []watch.Bucket {
	t.Helper()
	all, err := h.Samples(t.Context(), check, from, to, resolution)
	must(t, err)
	return all
}

func TestSamplesAreKept(t *testing.T) {
	h := fresh(t)
	now := time.Now().Truncate(time.Millisecond).UTC()
	h.Add(
		watch.Sample{Check: "a", At: now, Took: 1500 * time.Microsecond, Result: verdict.Good},
		watch.Sample{Check: "a", At: now, Result: verdict.Bad, Said: "refused"}, // at the same time
		watch.Sample{Check: "b", At: now, Result: verdict.Unmeasured, Said: "refused"},
		watch.Sample{Check: "a", At: now.Add(time.Second), Result: verdict.Paused},
	)
	must(t, h.flush(t.Context()))
	took := 1500 * time.Microsecond
	want := []watch.Bucket{
		{Check: "a", From: now, Good: 1, Min: took, Median: took, P95: took, Max: took},
		{Check: "a", From: now.Add(time.Millisecond), Bad: 1, Said: "refused"},
		{Check: "a", From: now.Add(time.Second), Paused: 1},
	}
	again := open(t, h.Path(), Options{})
	for _, of := range []*History{h, again} {
		if got := samplesOf(t, of, "a", now, now.Add(time.Minute), 0); !reflect.DeepEqual(got, want) {
			t.Errorf("%+v\nwant\n%+v", got, want)
		}
	}
	if got := samplesOf(t, h, "a", now.Add(time.Millisecond), now.Add(time.Second), 0); !reflect.DeepEqual(got, want[1:2]) {
		t.Errorf("the borders: %+v", got)
	}
	if got := samplesOf(t, h, "nobody", now, now.Add(time.Minute), 0); got != nil {
		t.Errorf("%+v", got)
	}
}

// What is summarized says the same as the samples do, whether it was summarized before or is summarized now.
func TestRollUp(t *testing.T) {
	h := fresh(t)
	now := time.Now().Truncate(time.Hour).Add(-25 * time.Minute) // between two borders
	from := now.Add(-30 * time.Hour)
	var all []watch.Sample
	for i := range 30 * 60 * 2 { // each 30 s
		s := watch.Sample{Check: "a", At: from.Add(time.Duration(i) * 30 * time.Second), Took: time.Duration(i%100+1) * time.Millisecond, Result: verdict.Good}
		switch i % 50 {
		case 7:
			s.Result, s.Said = verdict.Bad, fmt.Sprint("bad ", i)
		case 9:
			s.Result, s.Took, s.Said = verdict.Unmeasured, 0, "no engine"
		}
		all = append(all, s)
	}
	h.Add(all...)
	must(t, h.flush(t.Context()))
	expect := func(resolution time.Duration) (want []watch.Bucket) {
		for _, s := range all {
			at := s.At.UTC().Truncate(resolution)
			if len(want) == 0 || !want[len(want)-1].From.Equal(at) {
				want = append(want, watch.Bucket{Check: "a", From: at, Step: resolution})
			}
			b := &want[len(want)-1]
			switch s.Result {
			case verdict.Good:
				b.Good++
			case verdict.Bad:
				b.Bad++
			default:
				b.Unmeasured++
			}
			if s.Said != "" {
				b.Said = s.Said
			}
			if s.Took > 0 && (b.Min == 0 || s.Took < b.Min) {
				b.Min = s.Took
			}
			b.Max = max(b.Max, s.Took)
		}
		for i := range want {
			var times []time.Duration
			for _, s := range all {
				if s.Took > 0 && s.At.UTC().Truncate(resolution).Equal(want[i].From) {
					times = append(times, s.Took)
				}
			}
			slices.Sort(times)
			want[i].Median, want[i].P95 = times[(len(times)*50+99)/100-1], times[(len(times)*95+99)/100-1]
		}
		return want
	}
	for _, when := range []string{"before", "after"} {
		for _, resolution := range []time.Duration{5 * time.Minute, time.Hour} {
			got, want := samplesOf(t, h, "a", from.Truncate(resolution), now, resolution), expect(resolution)
			if len(got) != len(want) {
				t.Fatalf("%s the roll-up, %s: %d buckets, want %d", when, resolution, len(got), len(want))
			}
			for i := range want {
				if when == "after" && i == len(want)-1 { // made of buckets of five minutes
					got[i].Median, got[i].P95, want[i].Median, want[i].P95 = 0, 0, 0, 0
				}
				if got[i] != want[i] {
					t.Errorf("%s the roll-up, %s:\n%+v\nwant\n%+v", when, resolution, got[i], want[i])
				}
			}
		}
		must(t, h.rollUp(t.Context(), now))
	}
	days, n := samplesOf(t, h, "a", from.Truncate(24*time.Hour), now, 24*time.Hour), 0
	for _, d := range days {
		n += d.Good + d.Bad + d.Unmeasured
	}
	if n != len(all) || len(days) < 2 || len(days) > 3 {
		t.Errorf("%d samples in %d days", n, len(days))
	}
	if got := samplesOf(t, h, "a", from.Truncate(time.Minute), now, 2*time.Minute); got[0].Step != 5*time.Minute {
		t.Errorf("at least two minutes: %s", got[0].Step)
	}
}

// TestThePastIsCoarser: single samples for two days, hours for thirty, days before, and each sample in exactly one of
// them.
func TestThePastIsCoarser(t *testing.T) {
	h := fresh(t)
	now := time.Now()
	from := now.AddDate(0, 0, -40)
	n := 0
	for at := from; at.Before(now); at = at.Add(10 * time.Minute) {
		h.Add(watch.Sample{Check: "a", At: at, Took: time.Millisecond, Result: verdict.Good, Said: fmt.Sprint("text ", n)})
		if n++; n%1000 == 0 {
			must(t, h.flush(t.Context()))
			must(t, h.tidy(t.Context(), at))
		}
	}
	must(t, h.flush(t.Context()))
	h.tidied = time.Time{}
	must(t, h.tidy(t.Context(), now))
	for _, resolution := range []time.Duration{0, 5 * time.Minute, time.Hour, 24 * time.Hour} {
		count, steps := 0, map[time.Duration]int{}
		last := time.Time{}
		for _, b := range samplesOf(t, h, "a", from.Add(-48*time.Hour), now, resolution) {
			count += b.Good
			steps[b.Step]++
			if !b.From.After(last) {
				t.Fatalf("%s after %s", b.From, last)
			}
			last = b.From
		}
		if count != n {
			t.Errorf("resolution %s: %d samples, want %d: %v", resolution, count, n, steps)
		}
		if resolution == 0 && (steps[0] < 280 || steps[0] > 290 || steps[time.Hour] < 27*24 || steps[24*time.Hour] < 10) {
			t.Errorf("%v", steps)
		}
	}
	var left, words int
	must(t, h.db.QueryRow("SELECT count(*) FROM words").Scan(&words))
	if words > 2000 { // of 5760
		t.Errorf("%d texts are left", words)
	}
	must(t, h.db.QueryRow("SELECT count(*) FROM samples").Scan(&left))
	if left > 3*144+1 {
		t.Errorf("%d single samples are left", left)
	}
}

func TestEntries(t *testing.T) {
	h := fresh(t)
	now := time.Now().Truncate(time.Microsecond).UTC()
	day := func(n int) time.Time { return now.AddDate(0, 0, n) }
	change := func(id string, at time.Time, to watch.Verdict) watch.Change {
		return watch.Change{ID: id, Subject: "a", From: watch.Healthy, To: to, At: at, Since: at, Why: "why"}
	}
	event := watch.Event{ID: "e1", Kind: watch.EventDown, Subject: "a", At: day(-1), Since: day(-1)}
	for _, c := range []watch.Change{change("1", day(-1), watch.Down), change("0", day(-500), watch.Healthy)} {
		must(t, h.Record(t.Context(), c, &event, []string{"slack"}))
	}
	note := watch.Note{ID: "n", At: now, Kind: watch.Outage, Text: "<b>", By: "me@here"}
	must(t, h.AddNote(t.Context(), note))
	deployment := watch.Deployment{ID: "d", Release: "r", At: now, Outcome: "promoted", To: "green"}
	must(t, h.AddDeployment(t.Context(), deployment))
	must(t, h.AddDeployment(t.Context(), deployment))
	got, err := h.Changes(t.Context(), day(-1000), day(1))
	must(t, err)
	if len(got) != 2 || got[0].ID != "0" || got[1] != change("1", day(-1), watch.Down) {
		t.Errorf("%+v", got)
	}
	if got, err := h.Changes(t.Context(), day(-2), day(-1)); err != nil || len(got) != 0 {
		t.Errorf("the end is not part of it: %+v, %v", got, err)
	}
	if got, err := h.Notes(t.Context(), day(-1), day(1)); err != nil || !reflect.DeepEqual(got, []watch.Note{note}) {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := h.Deployments(t.Context(), day(-1), day(1)); err != nil || !reflect.DeepEqual(got, []watch.Deployment{deployment}) {
		t.Errorf("%+v, %v", got, err)
	}
	if c, err := h.LastChange(t.Context(), "a"); err != nil || c.ID != "1" {
		t.Errorf("%+v, %v", c, err)
	}
	if c, err := h.LastChange(t.Context(), "b"); err != nil || c != nil {
		t.Errorf("%+v, %v", c, err)
	}
	must(t, h.tidy(t.Context(), now))
	if got, err := h.Changes(t.Context(), day(-1000), day(1)); err != nil || len(got) != 1 {
		t.Errorf("after the old one expired: %+v, %v", got, err)
	}
	must(t, h.tidy(t.Context(), day(2000)))
	if c, err := h.LastChange(t.Context(), "a"); err != nil || c == nil {
		t.Errorf("the last change is the verdict, and does not expire: %+v, %v", c, err)
	}
	if got, err := h.Notes(t.Context(), day(-1), day(1)); err != nil || len(got) != 0 {
		t.Errorf("a note of years ago: %+v, %v", got, err)
	}
	must(t, h.Keep(t.Context(), "k", "v"))
	if v, err := h.Kept(t.Context(), "k"); v != "v" || err != nil {
		t.Errorf("%q, %v", v, err)
	}
	if v, err := h.Kept(t.Context(), "other"); v != "" || err != nil {
		t.Errorf("%q, %v", v, err)
	}
}

func TestOutbox(t *testing.T) {
	h := fresh(t)
	now := time.Now().Truncate(time.Microsecond)
	event := func(id string, kind watch.EventKind, at time.Time) watch.Event {
		return watch.Event{ID: id, Kind: kind, Subject: "a", At: at, Since: at}
	}
	due := func(at time.Time) string {
		all, err := h.Due(t.Context(), at)
		must(t, err)
		var out []string
		for _, d := range all {
			out = append(out, fmt.Sprintf("%s to %s, attempt %d", d.Event.ID, d.Target, d.Attempts+1))
		}
		return strings.Join(out, "; ")
	}
	told := func(target string) bool {
		yes, err := h.Told(t.Context(), "a", target)
		must(t, err)
		return yes
	}
	must(t, h.Queue(t.Context(), event("1", watch.EventDown, now), []string{"mail", "slack"}))
	must(t, h.Queue(t.Context(), event("1", watch.EventDown, now), []string{"mail", "slack", "ntfy"})) // again
	if got := due(now); got != "1 to mail, attempt 1; 1 to slack, attempt 1" || told("slack") {
		t.Errorf("%s", got)
	}
	must(t, h.Sent(t.Context(), "1", "slack", now))
	must(t, h.Failed(t.Context(), "1", "mail", "refused", now.Add(time.Minute)))
	if got := due(now); got != "" || !told("slack") || told("mail") {
		t.Errorf("%s", got)
	}
	if got := due(now.Add(time.Minute)); got != "1 to mail, attempt 2" {
		t.Errorf("%s", got)
	}
	must(t, h.Failed(t.Context(), "1", "mail", "refused", time.Time{}))
	if got := due(now.Add(time.Hour)); got != "" {
		t.Errorf("given up: %s", got)
	}
	must(t, h.Queue(t.Context(), event("2", watch.EventUp, now.Add(time.Minute)), []string{"slack"}))
	if !told("slack") {
		t.Error("the recovery is not told yet")
	}
	must(t, h.Sent(t.Context(), "2", "slack", now.Add(time.Minute)))
	if told("slack") {
		t.Error("the recovery was told")
	}
}

// Another process writes a note: the one that watches hears of it.
func TestNoteOfAnotherProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shop.db")
	h, err := Open(t.Context(), path, Options{})
	must(t, err)
	defer h.Close()
	ctx, cancel := context.WithCancel(t.Context())
	heard := h.Subscribe(ctx)
	other := open(t, path, Options{})
	must(t, other.AddNote(t.Context(), watch.Note{ID: "n", At: time.Now(), Kind: watch.Warning, Text: "x"}))
	<-heard
	if got, err := h.Notes(t.Context(), time.Now().Add(-time.Hour), time.Now()); err != nil || len(got) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	cancel()
	for range heard { // closed
	}
}

// Two watches would tell everything twice.
func TestOneWatchAtATime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shop.db")
	first, err := Open(t.Context(), path, Options{})
	must(t, err)
	if _, err := Open(t.Context(), path, Options{}); err == nil || !strings.Contains(err.Error(), "another watch writes to it") {
		t.Errorf("%v", err)
	}
	open(t, path, Options{})
	must(t, first.Close())
	second, err := Open(t.Context(), path, Options{})
	must(t, err)
	must(t, second.Close())
}

// A file that cannot be used is refused and left as it is.
func TestFilesThatAreRefused(t *testing.T) {
	whole := filepath.Join(t.TempDir(), "whole.db")
	h := open(t, whole, Options{})
	for i := range 2000 {
		h.Add(watch.Sample{Check: "a", At: time.Unix(int64(i), 0), Result: verdict.Bad, Said: fmt.Sprint("text ", i)})
	}
	must(t, h.Close())
	bytes, err := os.ReadFile(whole)
	must(t, err)
	change := func(query string) []byte {
		path := filepath.Join(t.TempDir(), "changed.db")
		must(t, os.WriteFile(path, bytes, 0o600))
		db, err := sql.Open("sqlite", path)
		must(t, err)
		_, err = db.Exec(query + "; PRAGMA wal_checkpoint(truncate)")
		must(t, err)
		must(t, db.Close())
		changed, err := os.ReadFile(path)
		must(t, err)
		return changed
	}
	foreign := filepath.Join(t.TempDir(), "foreign.db")
	db, err := sql.Open("sqlite", foreign)
	must(t, err)
	_, err = db.Exec("CREATE TABLE t (x)")
	must(t, err)
	must(t, db.Close())
	theirs, err := os.ReadFile(foreign)
	must(t, err)
	damaged := slices.Clone(bytes)
	for i := 3 * 4096; i < 6*4096; i++ {
		damaged[i] ^= 0x5a
	}
	for name, test := range map[string]struct {
		content []byte
		want    string
	}{
		"not a database":  {[]byte(strings.Repeat("this is a letter to a friend\n", 300)), "damaged, or not a history"},
		"cut off":         {bytes[:len(bytes)/2], "damaged, or not a history"},
		"damaged":         {damaged, "damaged, or not a history"},
		"newer":           {change("PRAGMA user_version = 2"), "newer bluegate (layout 2, this one knows 1)"},
		"without a mark":  {theirs, "another program"},
		"another program": {change("PRAGMA application_id = 7"), "another program"},
	} {
		path := filepath.Join(t.TempDir(), "shop.db")
		must(t, os.WriteFile(path, test.content, 0o600))
		h, err := Open(t.Context(), path, Options{})
		if err == nil {
			_ = h.Close()
		}
		if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", name, err)
		}
		if now, _ := os.ReadFile(path); !slices.Equal(now, test.content) {
			t.Errorf("%s: the file was changed", name)
		}
	}
	if info, err := os.Stat(whole); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

// A file that is full: entries are kept in memory and shown, and written when there is room again.
func TestFullDisk(t *testing.T) {
	h := fresh(t)
	now := time.Now().Truncate(time.Millisecond)
	add := func(from, to int) {
		for i := from; i < to; i++ {
			h.Add(watch.Sample{Check: fmt.Sprint("c", i%3), At: now.Add(time.Duration(i-10000) * time.Millisecond), Result: verdict.Bad, Said: fmt.Sprint("text ", i)})
		}
		must(t, h.flush(t.Context()))
	}
	count := func() (n int) {
		for i := range 3 {
			n += len(samplesOf(t, h, fmt.Sprint("c", i), now.Add(-time.Hour), now, 0))
		}
		return n
	}
	event := watch.Event{ID: "e", Kind: watch.EventDown, Subject: "c1", At: now}
	must(t, h.Queue(t.Context(), event, []string{"slack"}))
	add(0, 1000)
	var pages int
	must(t, h.conn.QueryRowContext(t.Context(), "PRAGMA page_count").Scan(&pages))
	limit := func(pages int) {
		_, err := h.conn.ExecContext(t.Context(), fmt.Sprintf("PRAGMA max_page_count = %d", pages))
		must(t, err)
	}
	limit(pages)
	add(1000, 3000)
	if h.Trouble() == "" || !strings.Contains(h.Trouble(), "full") {
		t.Fatalf("trouble: %q", h.Trouble())
	}
	must(t, h.AddNote(t.Context(), watch.Note{ID: "n", At: now}))
	must(t, h.Sent(t.Context(), "e", "slack", now))
	check := func(when string) {
		if n := count(); n != 3000 {
			t.Errorf("%s: %d samples", when, n)
		}
		if all, err := h.Notes(t.Context(), now, now.Add(time.Second)); err != nil || len(all) != 1 {
			t.Errorf("%s: notes: %+v, %v", when, all, err)
		}
		if all, err := h.Due(t.Context(), now.Add(time.Hour)); err != nil || len(all) != 0 {
			t.Errorf("%s: sent, and due again: %+v, %v", when, all, err)
		}
	}
	check("in memory")
	retry := func() {
		h.memory.Load().next = time.Time{}
		must(t, h.flush(t.Context()))
	}
	retry() // it is the memory's connection that writes, and knows no limit
	if h.Trouble() != "" {
		t.Errorf("it can be written again: %s", h.Trouble())
	}
	limit(1 << 30)
	check("in the file again")
	again := open(t, h.Path(), Options{})
	if all, err := again.Notes(t.Context(), now, now.Add(time.Second)); err != nil || len(all) != 1 {
		t.Errorf("%+v, %v", all, err)
	}
}

// The file does not grow beyond its limit, and keeps what is newest.
func TestBoundedBySize(t *testing.T) {
	h := open(t, filepath.Join(t.TempDir(), "shop.db"), Options{MB: 2})
	now := time.Now()
	for i := range 200_000 {
		h.Add(watch.Sample{Check: fmt.Sprint("c", i%5), At: now.Add(time.Duration(i-200_000) * 500 * time.Millisecond), Took: time.Second, Result: verdict.Good})
		if i%50_000 == 49_999 {
			must(t, h.flush(t.Context()))
		}
	}
	must(t, h.tidy(t.Context(), now))
	used, free, err := h.size(t.Context())
	if err != nil || used > 2<<20 || free > used/2 {
		t.Errorf("%d used, %d free, %v", used, free, err)
	}
	if n := len(samplesOf(t, h, "c1", now.Add(-time.Hour), now, 0)); n < 1400 {
		t.Errorf("%d samples of the last hour", n)
	}
}
