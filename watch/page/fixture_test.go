package page

import (
	"context"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"bluegate/deploy/model"
	"bluegate/watch"
	"bluegate/watch/verdict"
)

// fixture is a Reader whose answers a test sets.
type fixture struct {
	mu          sync.Mutex
	state       watch.State
	samples     map[string]func(at time.Time) (verdict.Result, time.Duration)
	changes     []watch.Change
	deployments []watch.Deployment
	notes       []watch.Note
	readers     map[chan struct{}]bool
	err         error
}

func (f *fixture) State() watch.State {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.state
	s.Checks, s.Colours = slices.Clone(s.Checks), slices.Clone(s.Colours)
	return s
}

// set changes something and tells the readers.
func (f *fixture) set(change func(f *fixture)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(f)
	for c := range f.readers {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

func (f *fixture) Subscribe(ctx context.Context) <-chan struct{} {
	c := make(chan struct{}, 1)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.readers == nil {
		f.readers = map[chan struct{}]bool{}
	}
	f.readers[c] = true
	context.AfterFunc(ctx, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.readers, c)
		close(c)
	})
	return c
}

// Samples makes one bucket for each step, of what samples says at its beginning.
func (f *fixture) Samples(_ context.Context, check string, from, to time.Time, resolution time.Duration) ([]watch.Bucket, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil || f.samples[check] == nil {
		return nil, f.err
	}
	step := max(resolution, 10*time.Second)
	var all []watch.Bucket
	for at := from.Truncate(step); at.Before(to); at = at.Add(step) {
		result, took := f.samples[check](at)
		n := int(step / (10 * time.Second))
		b := watch.Bucket{Check: check, From: at, Step: step, Min: took / 2, Median: took, P95: took * 2, Max: took * 3}
		switch result {
		case verdict.Good:
			b.Good = n
		case verdict.Bad:
			b.Bad, b.Good, b.Said = n-n/3, n/3, "GET /health: 503 <script>alert(1)</script>"
		case verdict.Unmeasured:
			b.Unmeasured = n
		case verdict.Paused:
			b.Paused = n
		}
		all = append(all, b)
	}
	return all, nil
}

func between[T any](all []T, at func(T) time.Time, from, to time.Time) []T {
	var some []T
	for _, one := range all {
		if t := at(one); !t.Before(from) && t.Before(to) {
			some = append(some, one)
		}
	}
	return some
}

func (f *fixture) Changes(_ context.Context, from, to time.Time) ([]watch.Change, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return between(f.changes, func(c watch.Change) time.Time { return c.At }, from, to), f.err
}

func (f *fixture) Deployments(_ context.Context, from, to time.Time) ([]watch.Deployment, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return between(f.deployments, func(d watch.Deployment) time.Time { return d.At }, from, to), f.err
}

func (f *fixture) Notes(_ context.Context, from, to time.Time) ([]watch.Note, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return between(f.notes, func(n watch.Note) time.Time { return n.At }, from, to), f.err
}

// serving serves a page until the test ends.
func serving(t testing.TB, f watch.Reader, o Options) (*Page, *httptest.Server) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	p := New(ctx, f, o)
	server := httptest.NewServer(p.Handler())
	t.Cleanup(func() { cancel(); server.CloseClientConnections(); server.Close() })
	return p, server
}

// shop is an application with two colours, on a usual day: one incident, deployments, notes.
func shop() *fixture {
	now := time.Now().Truncate(time.Second)
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	container := func(service, name, image, state, health string) watch.ContainerState {
		return watch.ContainerState{Service: service, Name: name, Image: image, Digest: "sha256:6c1f0b7c9a52d1e0b7c9a52d1e0b7c9a5", State: state, Health: health}
	}
	f := &fixture{samples: map[string]func(time.Time) (verdict.Result, time.Duration){}}
	f.state = watch.State{
		Project: "shop", At: now, Started: ago(80 * time.Hour), Live: model.Green, LiveBy: "nginx serves green: 2 of 2 addresses", Healing: watch.HealingState{On: "restart"},
		Colours: []watch.ColourState{
			{Colour: model.Blue, Release: "20261127T090311-eda4", Containers: []watch.ContainerState{
				container("was-blue", "shop-was-blue-1", "bluegate-shop:v1", "exited", "none"), container("signal-blue", "shop-signal-blue-1", "bluegate-shop:v1", "exited", "none")}},
			{Colour: model.Green, Live: true, Release: "20261128T042450-185e", Containers: []watch.ContainerState{
				container("was-green", "shop-was-green-1", "bluegate-shop:v2", "running", "healthy"), container("signal-green", "shop-signal-green-1", "bluegate-shop:v2", "running", "healthy")}},
		},
	}
	add := func(name, kind, target string, typical time.Duration, result func(time.Time) verdict.Result) {
		f.samples[name] = func(at time.Time) (verdict.Result, time.Duration) {
			wave := (at.Unix()/1800*7919 + int64(len(name))*31) % 17
			return result(at), typical * time.Duration(10+wave) / 14
		}
		f.state.Checks = append(f.state.Checks, watch.CheckState{
			Check: watch.Check{Name: name, Kind: kind, Target: target, Every: 10 * time.Second}, Verdict: watch.Healthy, Since: ago(52 * time.Hour),
			Last: &watch.Sample{Check: name, At: ago(4 * time.Second), Took: typical, Result: verdict.Good},
		})
	}
	good := func(time.Time) verdict.Result { return verdict.Good }
	add(watch.Live, "docker", "", 12*time.Millisecond, func(at time.Time) verdict.Result {
		if d := now.Sub(at); d > 9*time.Hour && d < 10*time.Hour {
			return verdict.Paused
		}
		return verdict.Good
	})
	add("front page", "http", "GET https://shop.example.com/", 84*time.Millisecond, good)
	add("user-service", "http", "GET http://localhost:8000/health", 8*time.Millisecond, func(at time.Time) verdict.Result {
		if d := now.Sub(at); d > 5*time.Hour && d < 6*time.Hour {
			return verdict.Bad
		}
		return verdict.Good
	})
	add("billing-service", "http", "GET http://localhost:8080/health", 23*time.Millisecond, good)
	add("certificate", "tls", "shop.example.com:443", 31*time.Millisecond, good)
	f.state.Checks[4].Last.CertificateEnds = now.Add(61 * day)
	add("database", "tcp", "db:5432", 900*time.Microsecond, func(at time.Time) verdict.Result {
		if now.Sub(at) > 18*time.Hour {
			return verdict.Unmeasured
		}
		return verdict.Good
	})
	f.changes = []watch.Change{
		{ID: "c0", Subject: "user-service", From: watch.Unknown, To: watch.Healthy, At: ago(80 * time.Hour), Since: ago(80 * time.Hour)},
		{ID: "c1", Subject: "user-service", From: watch.Healthy, To: watch.Down, At: ago(6*time.Hour - 30*time.Second), Since: ago(6 * time.Hour), Why: "3 in a row: GET http://localhost:8000/health: 503 Service Unavailable, wanted 200-299: cannot reach the database"},
		{ID: "c2", Subject: "user-service", From: watch.Down, To: watch.Healthy, At: ago(5*time.Hour + 10*time.Minute), Since: ago(5*time.Hour + 11*time.Minute)},
	}
	images := []watch.Image{{Service: "was-green", Ref: "bluegate-shop:v2", Digest: "sha256:6c1f0b7c9a52d1e0"}, {Service: "signal-green", Ref: "bluegate-shop:v2", Digest: "sha256:6c1f0b7c9a52d1e0"}}
	steps := []watch.Step{{Name: "pull", Status: "ok"}, {Name: "gate", Status: "ok", Took: 6600 * time.Millisecond}, {Name: "switch", Status: "ok", Took: 483 * time.Millisecond}, {Name: "drain", Status: "ok", Took: 11 * time.Millisecond}}
	f.deployments = []watch.Deployment{
		{ID: "20261127T090311-eda4-deploy", Release: "20261127T090311-eda4", Command: "deploy", From: model.Green, To: model.Blue, Began: ago(30*time.Hour + 14*time.Second), At: ago(30 * time.Hour), Outcome: model.Promoted, By: "ci@runner-3", Images: images, Steps: steps},
		{ID: "20261128T041102-77b0-deploy", Release: "20261128T041102-77b0", Command: "deploy", From: model.Blue, To: model.Green, Began: ago(11*time.Hour + 21*time.Second), At: ago(11 * time.Hour), Outcome: model.Refused, By: "ci@runner-3", Images: images, Steps: steps[:2],
			Reasons: []string{"unhealthy: container \"shop-was-green-1\" is unhealthy: 3 of 3 probes failed in a row; the last probe exited with 1: 503 Service Unavailable"}},
		{ID: "20261128T042450-185e-deploy", Release: "20261128T042450-185e", Command: "deploy", From: model.Blue, To: model.Green, Began: ago(10*time.Hour + 9*time.Second), At: ago(10 * time.Hour), Outcome: model.Promoted, By: "ops@desk", Images: images, Steps: steps},
	}
	f.notes = []watch.Note{
		{ID: "n1", At: ago(50 * time.Hour), Kind: watch.Information, Text: "On Sunday at 3:00 the database moves to a new host. A few requests may be slow.", By: "ops@desk"},
		{ID: "n2", At: ago(5 * time.Hour), Kind: watch.Information, About: "user-service", Text: "The connection limit of the database was too low. It is raised.", By: "ops@desk"},
	}
	return f
}

// fail makes a check down.
func (f *fixture) fail(name, why string) {
	f.set(func(f *fixture) {
		now := time.Now()
		f.state.Checks = slices.Clone(f.state.Checks)
		for i, c := range f.state.Checks {
			if c.Name == name {
				f.state.Checks[i].Verdict, f.state.Checks[i].Since, f.state.Checks[i].Why = watch.Down, now, why
				f.changes = append(f.changes, watch.Change{ID: "f" + name, Subject: name, From: c.Verdict, To: watch.Down, At: now, Since: now, Why: why})
			}
		}
	})
}
