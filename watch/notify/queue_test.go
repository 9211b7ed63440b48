package notify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"bluegate/watch"
)

// memory is an Outbox that keeps everything in memory.
type memory struct {
	mu     sync.Mutex
	rows   []*row
	fail   error    // of Sent
	sentTo []string // event>target, in the order of the records
}

type row struct {
	watch.Delivery
	done, sent bool
	why        string
}

func (m *memory) Queue(_ context.Context, e watch.Event, targets []string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range m.rows {
		if r.Event.ID == e.ID {
			return nil
		}
	}
	for _, t := range targets {
		m.rows = append(m.rows, &row{Delivery: watch.Delivery{Event: e, Target: t}})
	}
	return nil
}

func (m *memory) Due(context.Context, time.Time) ([]watch.Delivery, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var due []watch.Delivery
	for _, r := range m.rows {
		if !r.done {
			due = append(due, r.Delivery)
		}
	}
	slices.SortStableFunc(due, func(a, b watch.Delivery) int {
		return cmp.Or(a.Event.At.Compare(b.Event.At), strings.Compare(a.Event.ID, b.Event.ID))
	})
	return due, nil
}

func (m *memory) find(event, target string) *row {
	return m.rows[slices.IndexFunc(m.rows, func(r *row) bool { return r.Event.ID == event && r.Target == target })]
}

// look copies a row.
func (m *memory) look(event, target string) row {
	m.mu.Lock()
	defer m.mu.Unlock()
	return *m.find(event, target)
}

func (m *memory) Sent(_ context.Context, event, target string, _ time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return m.fail
	}
	r := m.find(event, target)
	r.done, r.sent = true, true
	m.sentTo = append(m.sentTo, event)
	return nil
}

func (m *memory) Failed(_ context.Context, event, target, why string, next time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.find(event, target)
	r.Attempts, r.why, r.done = r.Attempts+1, why, next.IsZero()
	return nil
}

func (m *memory) Told(_ context.Context, subject, target string) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	told := false
	for _, r := range m.rows {
		if r.Event.Subject == subject && r.Target == target && r.sent {
			told = r.Event.Kind != watch.EventUp
		}
	}
	return told, nil
}

// people is a receiver whose behaviour a test sets.
type people struct {
	mu     sync.Mutex
	got    []string // the ids, in the order of their arrival
	at     []time.Time
	titles []string
	answer func(ctx context.Context, attempt int) error
	tries  int
}

func (p *people) send(ctx context.Context, e watch.Event) error {
	p.mu.Lock()
	p.tries++
	answer, try := p.answer, p.tries
	p.mu.Unlock()
	if answer != nil {
		if err := answer(ctx, try); err != nil {
			return err
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.got, p.at, p.titles = append(p.got, e.ID), append(p.at, time.Now()), append(p.titles, Title(e))
	return nil
}

// ids are those that arrived, in their order.
func (p *people) ids() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.got)
}

func (p *people) answers(answer func(context.Context, int) error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answer = answer
}

func target(t *testing.T, name string, s sender) Target {
	t.Helper()
	made, err := NewTarget("https://example.com/hook", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	made.Name, made.sender = name, s
	return made
}

func event(id string, kind watch.EventKind, subject string) watch.Event {
	now := time.Now()
	return watch.Event{ID: id, Kind: kind, Project: "shop", Subject: subject, At: now, Since: now.Add(-time.Minute), Why: "503"}
}

// running runs a queue in a bubble of synctest, and ends it before the bubble ends.
func running(t *testing.T, box watch.Outbox, targets ...Target) *Queue {
	t.Helper()
	q := NewQueue(targets, box)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { q.Run(ctx); close(done) }()
	t.Cleanup(func() { cancel(); <-done })
	return q
}

// later lets time pass, and everything end that is done at its end.
func later(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func publish(t *testing.T, q *Queue, box watch.Outbox, e watch.Event) {
	t.Helper()
	if err := box.Queue(t.Context(), e, q.Targets(e)); err != nil {
		t.Fatal(err)
	}
	q.Wake()
	synctest.Wait()
}

func TestSendsOnceAndTheRecoveryAfterIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		box, p := &memory{}, &people{}
		q := running(t, box, target(t, "a", p))
		down := event("1", watch.EventDown, "user-service")
		publish(t, q, box, down)
		publish(t, q, box, down) // again: the same id
		publish(t, q, box, event("2", watch.EventUp, "user-service"))
		publish(t, q, box, event("3", watch.EventUp, "billing")) // of which nobody was told
		later(time.Hour)
		if !slices.Equal(p.ids(), []string{"1", "2"}) {
			t.Errorf("sent %v", p.ids())
		}
		if why := box.look("3", "a").why; why != "the target was not told of the failure" {
			t.Errorf("the recovery of what nobody was told of: %q", why)
		}
	})
}

func TestOnlyTheKindsOfATarget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		box, p, r := &memory{}, &people{}, &people{}
		some := target(t, "some", p)
		some.On = []watch.EventKind{watch.EventRefused}
		q := running(t, box, some, target(t, "usual", r))
		publish(t, q, box, event("1", watch.EventDown, "a"))
		publish(t, q, box, event("2", watch.EventRefused, "green"))
		publish(t, q, box, event("3", watch.EventPromoted, "green"))
		if !slices.Equal(p.ids(), []string{"2"}) || !slices.Equal(r.ids(), []string{"1", "2"}) {
			t.Errorf("sent %v and %v", p.ids(), r.ids())
		}
	})
}

func TestTriesAgainInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		box := &memory{}
		p := &people{answer: func(context.Context, int) error {
			if time.Since(began) < 10*time.Minute {
				return errors.New("connection refused")
			}
			return nil
		}}
		q := running(t, box, target(t, "a", p))
		publish(t, q, box, event("1", watch.EventDown, "user-service"))
		if got := q.Trouble(); !slices.Equal(got, []string{"notify: a: connection refused"}) {
			t.Errorf("trouble: %q", got)
		}
		later(time.Second)
		publish(t, q, box, event("2", watch.EventUp, "user-service"))
		later(time.Hour)
		if !slices.Equal(p.ids(), []string{"1", "2"}) {
			t.Errorf("sent %v", p.ids())
		}
		if p.tries > 12 {
			t.Errorf("%d attempts in ten minutes", p.tries)
		}
		if got := q.Trouble(); got != nil {
			t.Errorf("trouble after a success: %q", got)
		}
	})
}

// A receiver that hangs delays nobody: not who queues, not another target.
func TestAReceiverThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		box, fast := &memory{}, &people{}
		slow := &people{answer: func(ctx context.Context, attempt int) error {
			if attempt > 1 {
				return nil
			}
			<-ctx.Done()
			return ctx.Err()
		}}
		q := running(t, box, target(t, "slow", slow), target(t, "fast", fast))
		began := time.Now()
		for i := range 10 {
			publish(t, q, box, event(fmt.Sprint(i), watch.EventDown, fmt.Sprint("check", i)))
		}
		if time.Since(began) != 0 || len(fast.ids()) != 10 {
			t.Errorf("after %s the other target has %v", time.Since(began), fast.ids())
		}
		later(5 * time.Minute)
		if got := slices.Sorted(slices.Values(slow.ids())); len(got) != 10 {
			t.Errorf("the slow one has %v", got)
		}
	})
}

func TestLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		box, p := &memory{}, &people{}
		q := running(t, box, target(t, "a", p))
		began := time.Now()
		for i := range 100 {
			publish(t, q, box, event(fmt.Sprint(i), watch.EventDown, fmt.Sprint("check", i)))
		}
		if len(p.ids()) != burst {
			t.Errorf("%d were sent at once, want %d", len(p.ids()), burst)
		}
		later(time.Hour)
		if len(p.ids()) != 100 {
			t.Fatalf("%d of 100 were sent", len(p.ids()))
		}
		for i, at := range p.at {
			if most := burst + int(at.Sub(began)/pace); i+1 > most {
				t.Errorf("%d were sent after %s, want at most %d", i+1, at.Sub(began), most)
			}
		}
	})
}

// What the receiver refuses as wrong blocks nothing for long; what is too old is not sent.
func TestGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		box := &memory{}
		p := &people{answer: func(context.Context, int) error { return fmt.Errorf("%w: too long", errRefused) }}
		q := running(t, box, target(t, "a", p))
		publish(t, q, box, event("1", watch.EventDown, "a"))
		later(time.Hour)
		if p.tries != refusedAttempts || !box.look("1", "a").done {
			t.Errorf("%d attempts, %+v", p.tries, box.look("1", "a"))
		}
		p.answers(func(context.Context, int) error { return errors.New("no route to host") })
		publish(t, q, box, event("2", watch.EventDown, "b"))
		later(25 * time.Hour)
		if r := box.look("2", "a"); !r.done || r.why != "it could not be delivered within 24h0m0s" {
			t.Errorf("after a day: %+v", r)
		}
		p.answers(nil)
		later(time.Hour)
		if len(p.ids()) != 0 {
			t.Errorf("sent %v", p.ids())
		}
	})
}

// What was sent is not sent again, whether its record fails or the process is started again.
func TestSentIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		box, p := &memory{fail: errors.New("disk full")}, &people{}
		ctx, stop := context.WithCancel(t.Context())
		q := NewQueue([]Target{target(t, "a", p)}, box)
		done := make(chan struct{})
		go func() { q.Run(ctx); close(done) }()
		publish(t, q, box, event("1", watch.EventDown, "a"))
		later(time.Hour)
		if len(p.ids()) != 1 || !strings.Contains(fmt.Sprint(q.Trouble()), "cannot record what was sent: disk full") {
			t.Errorf("sent %v, trouble %q", p.ids(), q.Trouble())
		}
		box.mu.Lock()
		box.fail = nil
		box.mu.Unlock()
		later(2 * lookAgain)
		stop()
		<-done
		running(t, box, target(t, "a", p)).Wake()
		later(time.Hour)
		if len(p.ids()) != 1 || !box.look("1", "a").sent {
			t.Errorf("after a restart: sent %v", p.ids())
		}
	})
}

func TestTargetThatIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		box := &memory{}
		_ = box.Queue(t.Context(), event("1", watch.EventDown, "a"), []string{"slack-of-before"})
		running(t, box, target(t, "a", &people{}))
		synctest.Wait()
		if r := box.look("1", "slack-of-before"); !r.done || r.why != "the target is not configured any more" {
			t.Errorf("%+v", r)
		}
	})
}

func TestReminders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		box, reminded, not := &memory{}, &people{}, &people{}
		with := target(t, "with", reminded)
		with.Remind = 30 * time.Minute
		q := running(t, box, with, target(t, "without", not))
		down := event("1", watch.EventDown, "a")
		var mu sync.Mutex
		s := watch.State{Project: "shop", Checks: []watch.CheckState{
			{Check: watch.Check{Name: "a"}, Verdict: watch.Down, Since: down.Since, Why: "503"},
			{Check: watch.Check{Name: "never-told"}, Verdict: watch.Down, Since: down.Since},
		}}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go q.Remind(ctx, func() watch.State { mu.Lock(); defer mu.Unlock(); return s })
		publish(t, q, box, down)
		later(100 * time.Minute)
		mu.Lock()
		s.Deploying = &watch.Deploying{}
		mu.Unlock()
		later(2 * time.Hour) // a deployment: silence
		if want := []string{"shop: a is down", "shop: a is still down", "shop: a is still down", "shop: a is still down"}; !slices.Equal(reminded.titles, want) {
			t.Errorf("told %q", reminded.titles)
		}
		if len(not.titles) != 1 {
			t.Errorf("without reminders: %q", not.titles)
		}
	})
}
