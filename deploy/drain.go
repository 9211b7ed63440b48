package deploy

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Left is what a drain waits for.
type Left struct {
	Workers int    // workers of an earlier configuration, which answer what they have accepted
	Open    []Open // where it is known
}

// Open are the connections from nginx's side to one container of the old colour.
type Open struct {
	Container   string
	Connections int
	Oldest      time.Duration // since it was first seen, which may be later than its beginning
}

func (l Left) String() string {
	parts := make([]string, len(l.Open))
	for i, o := range l.Open {
		parts[i] = o.String()
	}
	open := strings.Join(parts, ", ")
	switch {
	case l.Workers == 0 && open != "": // where a switch leaves the workers as they are
		return open
	case open == "":
		return count(l.Workers, "old worker")
	}
	return count(l.Workers, "old worker") + ", with " + open
}

func (o Open) String() string {
	return fmt.Sprintf("%s to %s (the oldest open for %s or longer)", count(o.Connections, "connection"), o.Container, o.Oldest.Round(time.Second))
}

func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// errDrain is the end of a drain's time while something is left.
var errDrain = errors.New("requests on the old colour have not ended")

// sayDrain is the pause between two words about what a drain waits for.
const sayDrain = 2 * time.Second

// drain waits for the old nginx workers. When its time is over the old colour is left running, unless the user chose
// otherwise.
func (r *run) drain(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, r.Settings.DrainTimeout, errDrain)
	defer cancel()
	var left Left
	said := time.Now()
	err := r.Router.Drain(ctx, r.of(r.report.From), func(l Left) {
		if left = l; time.Since(said) > sayDrain {
			said = time.Now()
			r.Progress.Say("draining %s: %s", r.route.Nginx, left)
		}
	})
	switch {
	case err == nil:
		return nil
	case ctx.Err() == nil:
		return err
	case !errors.Is(context.Cause(ctx), errDrain):
		return context.Cause(ctx)
	}
	r.noteOpen(left)
	if r.Settings.DrainThenStop {
		r.note(Finding{Code: "cut", Message: fmt.Sprintf("%s still answered requests after %s; the old colour is stopped all the same (drain.then: stop)", left, r.Settings.DrainTimeout)})
		return nil
	}
	return &PersonError{
		Err: fmt.Errorf("%s is live, but after %s %w (%s; %s), so %s keeps running", r.release.To, r.Settings.DrainTimeout, errDrain, r.route.Nginx, left, r.report.From),
		Run: "bluegate settle",
	}
}

// noteOpen names the connections that a drain was not long enough for.
func (r *run) noteOpen(left Left) {
	for _, o := range left.Open {
		r.note(Finding{Code: "still-open", Message: fmt.Sprintf("still open when the drain's time was over: %s; that is a stream, a websocket or a long request", o)})
	}
}
