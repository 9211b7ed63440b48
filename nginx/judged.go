package nginx

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"bluegate/deploy/judge"
	"bluegate/deploy/model"
	"bluegate/nginx/agent"
	"bluegate/nginx/conf"
	"bluegate/nginx/lint"
)

// The requests that a release is judged by are logged for a while only. Until when, a file says that a map of nginx's
// includes: a switch writes it with the rest of its change, and so it needs no reload of its own, and logging ends by the
// clock, also where the run that began it was killed.

// readRequests says in the route which requests are logged, and where.
func (n *observed) readRequests(route *model.Route) {
	port := n.opts.JudgePort
	if port == 0 || len(n.conf.Tree) == 0 {
		return
	}
	in := lint.Input{Tree: n.conf.Tree, Top: conf.Assemble(n.conf.Tree), Words: lint.Addressed(n.conf.Tree, n.dir), JudgeKey: len(n.opts.Settings.Canary.Steps) > 0}
	log := in.Requests(port)
	route.Requests = &model.RequestLog{Port: port, Gate: log.Gate, Unseen: log.Unseen}
}

// gated adds to a change the file that says until when requests are logged. Without a reload nothing reads it.
func (n *observed) gated(change model.Change) (model.Change, error) {
	log := n.route.Requests
	if log == nil || log.Gate == "" || change.Empty() || change.Unloaded {
		return change, nil
	}
	f := model.FileChange{Path: log.Gate}
	entry, _, err := n.conf.Files.Entry(f.Path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return change, fmt.Errorf("read %s of %s: %w", f.Path, n.found, err)
	}
	if err == nil {
		f.Old, f.OldTime = append([]byte{}, entry.Content...), entry.ModTime
	}
	f.New = gateUntil(time.Time{})
	add := func(c *model.Change) {
		c.Gate = f.Path
		c.Files = append(c.Files[:len(c.Files):len(c.Files)], f)
	}
	add(&change)
	change.Steps = slices.Clone(change.Steps)
	for i := range change.Steps {
		add(&change.Steps[i].Change)
	}
	return change, nil
}

// opened is a change as it is written now: requests are logged from the reload on, for as long as it says.
func (n *observed) opened(change model.Change) model.Change {
	if change.Gate == "" {
		return change
	}
	until := time.Time{}
	if change.LogFor > 0 {
		until = time.Now().Add(change.LogFor - n.opts.Skew) // by the clock of nginx's machine
	}
	files := append([]model.FileChange{}, change.Files...)
	for i, f := range files {
		if path.Clean(f.Path) == path.Clean(change.Gate) {
			files[i].New = gateUntil(until)
		}
	}
	change.Files = files
	return change
}

// gateUntil is the content of that file: lines of a map of $msec, the time in seconds. Bytes that were never written before
// tell one switch's file from another's.
func gateUntil(until time.Time) []byte {
	var b bytes.Buffer
	b.WriteString("# Written by bluegate: until when requests are logged for it.\n")
	if until.IsZero() {
		b.WriteString("# They are not.\n")
		return b.Bytes()
	}
	fmt.Fprintf(&b, "# Until %s.\n\"~^(?:%s)[.]\" 1;\n", until.UTC().Format(time.RFC3339), below(fmt.Sprint(until.Unix())))
	return b.Bytes()
}

// below is a regular expression for the numbers that are less than one, with as many digits.
func below(number string) string {
	var ways []string
	for i, digit := range number {
		if digit > '0' {
			ways = append(ways, number[:i]+"[0-"+string(digit-1)+"]"+strings.Repeat("[0-9]", len(number)-i-1))
		}
	}
	return strings.Join(ways, "|")
}

// Requests implements model.RequestLog: it asks the agent next to nginx.
func (r *Router) Requests(ctx context.Context, port int) (judge.Batch, error) {
	return r.requests(ctx, agent.Requests{Port: port})
}

// EndRequests implements model.Requests.
func (r *Router) EndRequests(ctx context.Context, port int) error {
	_, err := r.requests(ctx, agent.Requests{Port: port, Stop: true})
	return err
}

func (r *Router) requests(ctx context.Context, q agent.Requests) (judge.Batch, error) {
	if r.last == nil {
		return judge.Batch{}, &model.UnreachableError{What: "nginx", Err: errors.New("none was found to receive the log of")}
	}
	if err := r.last.Prepare(ctx, nil); err != nil {
		return judge.Batch{}, unreachable(err)
	}
	resp, err := r.last.Ask(ctx, agent.Request{Requests: &q})
	switch {
	case err != nil:
		return judge.Batch{}, unreachable(err)
	case resp.Error != "":
		return judge.Batch{}, unreachable(errors.New(resp.Error))
	case resp.Requests == nil:
		return judge.Batch{}, nil
	}
	return *resp.Requests, nil
}
