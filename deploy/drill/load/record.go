package load

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Request is one request as its user saw it.
type Request struct {
	Kind       Kind
	Path       string // the call's name
	Start, End time.Time
	Reused     bool   // the connection had carried a request before
	Resent     int    // how many times net/http sent it again, on another connection, unseen by the user
	Status     int    // 0 if no answer came
	Colour     string // who answered; empty if that was nginx itself, or nothing tells it
	Version    string
	Err        string // why it was lost: an error, another status, a body that was cut. Empty: it was not
	Loss       Loss
}

// Failed reports whether the request was lost.
func (r Request) Failed() bool { return r.Err != "" }

func (r Request) String() string {
	connection := "new"
	if r.Reused {
		connection = "re-used"
	}
	return fmt.Sprintf("%s %s %s after %s on a %s connection: %s", r.Start.Format("15:04:05.000"), r.Kind, r.Path,
		r.End.Sub(r.Start).Round(time.Millisecond), connection, r.Err)
}

// Count sums up the requests of one kind.
type Count struct {
	Requests int
	Failed   int
	Resent   int // did not fail thanks to net/http's own second attempt; a client without one would have lost them
}

// Record is what a load's users saw.
type Record struct {
	Requests []Request // all of them, in the order in which they were started
	Counts   map[Kind]Count
	Failures []Request // the first few that failed
}

// NewRecord counts requests, and keeps the first of those that failed.
func NewRecord(requests []Request, keepFailures int) Record {
	slices.SortStableFunc(requests, func(a, b Request) int { return a.Start.Compare(b.Start) })
	r := Record{Requests: requests, Counts: map[Kind]Count{}}
	for _, request := range requests {
		count := r.Counts[request.Kind]
		count.Requests++
		count.Resent += request.Resent
		if request.Failed() {
			count.Failed++
			if len(r.Failures) < keepFailures {
				r.Failures = append(r.Failures, request)
			}
		}
		r.Counts[request.Kind] = count
	}
	return r
}

// Lost is the number of failed requests of these kinds, or of all kinds when none is named.
func (r Record) Lost(kinds ...Kind) int {
	lost := 0
	for kind, count := range r.Counts {
		if len(kinds) == 0 || slices.Contains(kinds, kind) {
			lost += count.Failed
		}
	}
	return lost
}

// String is a table of the counts, then what failed and how the colours changed.
func (r Record) String() string {
	var b strings.Builder
	var total Count
	row := func(name Kind, c Count) {
		fmt.Fprintf(&b, "%-14s %9d %9d %9d\n", name, c.Requests, c.Failed, c.Resent)
	}
	fmt.Fprintf(&b, "%-14s %9s %9s %9s\n", "kind", "requests", "failed", "resent")
	for _, kind := range AllKinds() {
		count, ok := r.Counts[kind]
		if !ok {
			continue
		}
		row(kind, count)
		total = Count{total.Requests + count.Requests, total.Failed + count.Failed, total.Resent + count.Resent}
	}
	row("total", total)
	for _, request := range r.Failures {
		fmt.Fprintln(&b, request)
	}
	if more := total.Failed - len(r.Failures); more > 0 {
		fmt.Fprintf(&b, "and %d more failed\n", more)
	}
	for _, change := range r.Changes() {
		fmt.Fprintln(&b, change)
	}
	return b.String()
}
