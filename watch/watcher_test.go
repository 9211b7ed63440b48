package watch_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"bluegate/deploy/check"
	"bluegate/watch"
	"bluegate/watch/history"
)

// asker answers as a test says.
type asker struct {
	mu    sync.Mutex
	now   map[string]int // running at this moment, by check
	most  int
	asked map[string][]time.Time
	reply func(name string, at time.Time) (check.Result, error)
	takes time.Duration
}

func (a *asker) Ask(ctx context.Context, q watch.Question) (check.Result, error) {
	a.mu.Lock()
	if a.now == nil {
		a.now, a.asked = map[string]int{}, map[string][]time.Time{}
	}
	a.asked[q.Name] = append(a.asked[q.Name], time.Now())
	a.now[q.Name]++
	sum := 0
	for _, n := range a.now {
		sum += n
	}
	a.most = max(a.most, sum)
	if a.now[q.Name] > 1 {
		panic(q.Name + " is asked twice at once")
	}
	a.mu.Unlock()
	time.Sleep(a.takes)
	defer func() { a.mu.Lock(); a.now[q.Name]--; a.mu.Unlock() }()
	result, err := a.reply(q.Name, time.Now())
	if result.Took == 0 {
		result.Took = max(a.takes, time.Millisecond)
	}
	return result, err
}

func good(string, time.Time) (check.Result, error) { return check.Result{Status: 200}, nil }

// notifier takes down what people would be told.
type notifier struct {
	history *history.History
	mu      sync.Mutex
	told    []string
	events  []watch.Event
}

func (n *notifier) Targets(watch.Event) []string { return []string{"test"} }

func (n *notifier) Wake() {
	due, err := n.history.Due(context.Background(), time.Now())
	if err != nil {
		panic(err)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, d := range due {
		if err := n.history.Sent(context.Background(), d.Event.ID, d.Target, time.Now()); err != nil {
			panic(err)
		}
		n.told = append(n.told, fmt.Sprintf("%s %s", d.Event.Kind, d.Event.Subject))
		n.events = append(n.events, d.Event)
	}
}

func (n *notifier) all() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return strings.Join(n.told, ", ")
}

func question(t *testing.T, name string) watch.Question {
	t.Helper()
	c, err := check.Check{From: check.Client, Attempts: 1, Request: check.Request{Kind: check.HTTP, Target: "http://" + name + ".test/"}}.Complete()
	if err != nil {
		t.Fatal(err)
	}
	return watch.Question{Name: name, Samples: 1, Check: c}
}

// bench is a watch under test, in a bubble of synctest.
type bench struct {
	*watch.Watcher
	t        *testing.T
	asker    *asker
	notifier *notifier
	history  *history.History
	stop     func()
}

func start(t *testing.T, path string, change func(w *watch.Watcher, a *asker)) *bench {
	t.Helper()
	h, err := history.Open(t.Context(), path, history.Options{})
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, asker: &asker{reply: good}, notifier: &notifier{history: h}, history: h}
	b.Watcher = &watch.Watcher{
		Settings: watch.Settings{Project: "shop", Every: 10 * time.Second, DownAfter: 3, UpAfter: 2, Heal: watch.Budget{Mode: "nothing", Within: time.Hour}},
		Asker:    b.asker, Questions: []watch.Question{question(t, "a")}, History: h, Notifier: b.notifier,
	}
	change(b.Watcher, b.asker)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- b.Run(ctx) }()
	b.stop = func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	}
	return b
}

func (b *bench) verdict(name string) watch.Verdict {
	s := b.State()
	i := slices.IndexFunc(s.Checks, func(c watch.CheckState) bool { return c.Name == name })
	if i < 0 {
		return "not there"
	}
	return s.Checks[i].Verdict
}

func nothing(*watch.Watcher, *asker) {}

// One bad sample notifies nobody; one that stays notifies once, and once on recovery; a restart in between repeats
// nothing.
func TestNotifiedOnChangeOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shop.db")
	synctest.Test(t, func(t *testing.T) {
		bad := func(from, to time.Duration) func(*watch.Watcher, *asker) {
			began := time.Now()
			return func(_ *watch.Watcher, a *asker) {
				a.reply = func(_ string, at time.Time) (check.Result, error) {
					if since := at.Sub(began); since >= from && since < to {
						return check.Result{Error: "connection refused"}, nil
					}
					return check.Result{Status: 200}, nil
				}
			}
		}
		b := start(t, path, bad(10*time.Second, 20*time.Second))
		time.Sleep(2 * time.Minute)
		if b.notifier.all() != "" || b.verdict("a") != watch.Healthy {
			t.Errorf("after one bad sample: %q, %s", b.notifier.all(), b.verdict("a"))
		}
		b.stop()
		b = start(t, path, bad(time.Minute, time.Hour))
		time.Sleep(10 * time.Minute)
		if b.notifier.all() != "down a" || b.verdict("a") != watch.Down {
			t.Errorf("after many: %q, %s", b.notifier.all(), b.verdict("a"))
		}
		b.stop()
		b = start(t, path, bad(0, 10*time.Minute))
		time.Sleep(5 * time.Minute)
		if b.notifier.all() != "" || b.verdict("a") != watch.Down {
			t.Errorf("after a restart: %q, %s", b.notifier.all(), b.verdict("a"))
		}
		time.Sleep(10 * time.Minute)
		if b.notifier.all() != "up a" || b.verdict("a") != watch.Healthy {
			t.Errorf("after the recovery: %q, %s", b.notifier.all(), b.verdict("a"))
		}
		e := b.notifier.events[0]
		if e.Lasted < 18*time.Minute || e.Lasted > 22*time.Minute {
			t.Errorf("it lasted %s", e.Lasted)
		}
		all, err := b.Samples(t.Context(), "a", time.Now().Add(-time.Hour), time.Now(), 0)
		if err != nil || len(all) < 130 || len(all) > 180 {
			t.Errorf("%d samples in 27 minutes, %v", len(all), err)
		}
		b.stop()
	})
}

// A check that takes longer than the interval never runs next to itself, and at most 64 run at once; the intervals vary.
func TestSchedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, filepath.Join(t.TempDir(), "shop.db"), func(w *watch.Watcher, a *asker) {
			a.takes = 15 * time.Second
			w.Questions = nil
			for i := range 100 {
				w.Questions = append(w.Questions, question(t, fmt.Sprint("c", i)))
			}
		})
		time.Sleep(10 * time.Minute)
		b.stop()
		if b.asker.most != 64 {
			t.Errorf("%d at once", b.asker.most)
		}
		for name, times := range b.asker.asked {
			if len(times) < 20 {
				t.Errorf("%s was asked %d times in ten minutes", name, len(times))
			}
		}
	})
	synctest.Test(t, func(t *testing.T) {
		b := start(t, filepath.Join(t.TempDir(), "shop.db"), nothing)
		time.Sleep(time.Hour)
		b.stop()
		times := b.asker.asked["a"]
		least, most := time.Hour, time.Duration(0)
		for i := 1; i < len(times); i++ {
			pause := times[i].Sub(times[i-1])
			least, most = min(least, pause), max(most, pause)
		}
		if least < 9*time.Second || most > 11*time.Second || most-least < time.Second || len(times) < 340 {
			t.Errorf("%d times, between %s and %s", len(times), least, most)
		}
	})
}

// What cannot be measured is no failure.
func TestCannotMeasure(t *testing.T) {
	for name, change := range map[string]func(*watch.Watcher, *asker){
		"the engine does not answer": func(_ *watch.Watcher, a *asker) {
			a.reply = func(string, time.Time) (check.Result, error) { return check.Result{}, errors.New("no engine") }
		},
		"the reference does not answer": func(w *watch.Watcher, a *asker) {
			w.Self = &watch.Self{Reference: "127.0.0.1:1"}
			a.reply = func(string, time.Time) (check.Result, error) { return check.Result{Error: "no route to host"}, nil }
		},
	} {
		t.Run(name, func(t *testing.T) {
			// Not in a bubble: a connection is made.
			b := start(t, filepath.Join(t.TempDir(), "shop.db"), func(w *watch.Watcher, a *asker) {
				change(w, a)
				w.Every = 10 * time.Millisecond
			})
			defer b.stop()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			heard := b.Subscribe(ctx)
			for range 100 {
				<-heard
			}
			if v := b.verdict("a"); v == watch.Down || strings.Contains(b.notifier.all(), "down") {
				t.Errorf("%s, told: %s", v, b.notifier.all())
			}
		})
	}
}

func TestOnce(t *testing.T) {
	late := time.Now().AddDate(0, 0, 5)
	a := &asker{reply: func(name string, _ time.Time) (check.Result, error) {
		switch name {
		case "bad":
			return check.Result{Status: 503}, nil
		case "slow":
			return check.Result{Status: 200, Took: 2 * time.Second}, nil
		case "ends":
			return check.Result{Status: 200, NotAfter: late}, nil
		case "unknown":
			return check.Result{}, errors.New("no engine")
		}
		return check.Result{Status: 200, Took: 30 * time.Millisecond}, nil
	}}
	var questions []watch.Question
	for _, name := range []string{"good", "bad", "slow", "ends", "unknown"} {
		q := question(t, name)
		q.Samples, q.Latency = 3, time.Second
		questions = append(questions, q)
	}
	var got []string
	for _, m := range watch.Once(t.Context(), a, &watch.Self{}, questions) {
		median := 0.0
		if m.Times != nil {
			median = m.Times.Median
		}
		got = append(got, fmt.Sprintf("%s %s %d of %d median %v %s", m.Question.Name, m.Verdict, m.Good, m.Asked, median, m.Why))
	}
	want := []string{
		"good healthy 3 of 3 median 30 ",
		"bad down 0 of 3 median 1 status 503, wanted 200-299",
		"slow degraded 3 of 3 median 2000 the median of the last answers is 2s, and may be 1s",
		"ends degraded 3 of 3 median 1 the certificate ends at " + late.UTC().Format(time.RFC3339) + ", in 4 days",
		"unknown unknown 0 of 3 median 0 no engine",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
