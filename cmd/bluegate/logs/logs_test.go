package logs

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"bluegate/cmd/bluegate/ui"
	"bluegate/compose"
	"bluegate/deploy/model"
	"bluegate/deploy/redact"
)

var began = time.Date(2026, 11, 20, 11, 45, 0, 0, time.UTC)

// container is one with a log, whose name is its id.
func container(name string) model.Container {
	return model.Container{ID: name, Name: name, Running: true}
}

// written is a log that does not change: its lines are a second apart, and begin later by the number in front.
type written map[string]string

func (w written) Logs(_ context.Context, id string, _ compose.LogOptions, each func(compose.LogLine) error) error {
	text, ok := w[id]
	if !ok {
		return errors.New("it cannot be read")
	}
	for i, line := range strings.Fields(text) {
		if err := each(compose.LogLine{At: began.Add(time.Duration(i*len(w)) * time.Second), Text: line}); err != nil {
			return err
		}
	}
	return nil
}

func TestMerge(t *testing.T) {
	var b bytes.Buffer
	out := &ui.Logs{Out: &b, Mask: &redact.Redactor{}}
	all := []model.Container{container("a"), container("b"), container("c")}
	if err := Merge(t.Context(), written{"a": "1 2", "b": "1 2 3", "c": ""}, all, compose.LogOptions{}, out); err != nil {
		t.Fatal(err)
	}
	if want := "a | 1\nb | 1\na | 2\nb | 2\nb | 3\n"; b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
	if err := Merge(t.Context(), written{"a": "1"}, all, compose.LogOptions{}, out); err == nil {
		t.Error("a log that cannot be read is no error")
	}
}

// growing is a log that goes on while the container runs. What a reader asks for is written down.
type growing struct {
	mu    sync.Mutex
	asked []string
}

func (g *growing) Logs(ctx context.Context, id string, o compose.LogOptions, each func(compose.LogLine) error) error {
	g.mu.Lock()
	g.asked = append(g.asked, id+" "+o.Tail+" "+strings.TrimPrefix(o.Since, "2026-11-20T11:45:"))
	g.mu.Unlock()
	if err := each(compose.LogLine{At: began, Text: "started"}); err != nil {
		return err
	}
	select { // it runs for five seconds
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(5 * time.Second):
		return nil
	}
}

// Containers that come later are shown from their beginning, and one that was restarted continues where it ended.
func TestFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, start := &growing{}, time.Now()
		stopped := container("old")
		stopped.Running = false
		ctx, cancel := context.WithTimeout(t.Context(), 7500*time.Millisecond)
		defer cancel()
		f := &Follower{Reader: g, Options: compose.LogOptions{Tail: "5", Follow: true}, Out: &ui.Logs{Out: &bytes.Buffer{}, Mask: &redact.Redactor{}}, List: func(context.Context) ([]model.Container, error) {
			all := []model.Container{container("a"), stopped}
			if time.Since(start) > 2*time.Second {
				all = append(all, container("later"))
			}
			return all, nil
		}}
		if err := f.Run(ctx, []model.Container{container("a"), stopped}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		g.mu.Lock()
		defer g.mu.Unlock()
		if want := "a 5 |old 5 |later all |a all 00.000000001Z"; !same(g.asked, strings.Split(want, "|")) {
			t.Errorf("asked for %q, want %q", g.asked, want)
		}
	})
}

// same compares without order: the first logs are asked for side by side.
func same(a, b []string) bool {
	count := map[string]int{}
	for _, text := range a {
		count[text]++
	}
	for _, text := range b {
		count[text]--
	}
	for _, n := range count {
		if n != 0 {
			return false
		}
	}
	return true
}

// A reader that is gone ends the command.
func TestFollowEndsWithItsReader(t *testing.T) {
	gone := errors.New("the pipe is closed")
	f := &Follower{Reader: &growing{}, Out: &ui.Logs{Out: writer(func([]byte) (int, error) { return 0, gone }), Mask: &redact.Redactor{}}, List: func(context.Context) ([]model.Container, error) { return nil, nil }}
	if err := f.Run(t.Context(), []model.Container{container("a")}); !errors.Is(err, gone) {
		t.Errorf("%v", err)
	}
}

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }

func TestSelection(t *testing.T) {
	all := []model.Container{
		{Name: "1", Colour: model.Blue, Service: "api-blue"}, {Name: "2", Colour: model.Green, Service: "api-green"}, {Name: "3", Colour: model.Green, Service: "worker-green"}, {Name: "4", Colour: model.Green, Service: "shared"},
	}
	for _, c := range []struct {
		Selection
		want string
	}{
		{Selection{}, "1234"}, {Selection{Colour: model.Green}, "234"}, {Selection{Service: "api"}, "12"}, {Selection{Service: "api-green"}, "2"},
		{Selection{Colour: model.Blue, Service: "api"}, "1"}, {Selection{Colour: model.Blue, Service: "worker"}, ""}, {Selection{Service: "shared"}, "4"}, {Selection{Service: "ap"}, ""},
	} {
		var got string
		for _, chosen := range c.Filter(all) {
			got += chosen.Name
		}
		if got != c.want {
			t.Errorf("%+v: %s, want %s", c.Selection, got, c.want)
		}
	}
}
