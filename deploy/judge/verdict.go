package judge

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Decision is what a window says of a release.
type Decision string

// The decisions.
const (
	Passed     Decision = "pass"
	Worse      Decision = "worse"
	CannotTell Decision = "cannot-tell"
)

// Verdict is a decision with all that it was made of.
type Verdict struct {
	During     string   `json:"during"` // bake, or canary and its share
	Decision   Decision `json:"decision"`
	Why        []string `json:"why"` // what is worse, or why it cannot be told
	New        Figures  `json:"new"`
	Old        Figures  `json:"old"`
	Lost       int      `json:"lost"`
	Unreadable int      `json:"unreadable"`
	Duplicates int      `json:"duplicates"`
	Worst      []Path   `json:"worst"` // of the new colour, at most five
}

// Figures are those of one colour.
type Figures struct {
	Requests       int   `json:"requests"`
	Failed         int   `json:"failed"`          // 5xx that the client got
	UpstreamErrors int   `json:"upstream_errors"` // requests on which the colour gave a 5xx or no answer, also where another server did
	Closed         int   `json:"closed"`          // 499: the client did not wait
	P50MS          int64 `json:"p50_ms"`
	P95MS          int64 `json:"p95_ms"`
}

// Path is one path and what came of its requests.
type Path struct {
	Request   string `json:"request"` // method and path, without parameters
	Requests  int    `json:"requests"`
	Failed    int    `json:"failed"`
	SlowestMS int64  `json:"slowest_ms"`
}

// Verdict judges what has come so far.
func (w *Window) Verdict(l Limits) Verdict {
	v := Verdict{
		Decision: Passed, Why: []string{}, New: w.sides[New].figures(), Old: w.sides[Old].figures(),
		Lost: w.lost, Unreadable: w.unreadable, Duplicates: w.duplicates, Worst: w.worst(),
	}
	tooFew := v.unknown(l, w.Unseen)
	worse, unknown := v.exceeded(l)
	switch {
	case len(worse) > 0 && v.New.Requests >= l.MinRequests && !v.lostMany():
		v.Decision, v.Why = Worse, worse
	case len(tooFew) > 0:
		v.Decision, v.Why = CannotTell, tooFew
	case len(unknown) > 0:
		v.Decision, v.Why = CannotTell, unknown
	}
	return v
}

// unknown says why the new colour cannot be judged at all.
func (v Verdict) unknown(l Limits, unseen []string) (why []string) {
	if v.New.Requests < l.MinRequests {
		why = append(why, fmt.Sprintf("%d requests of the new colour were seen, and judge.min_requests is %d", v.New.Requests, l.MinRequests))
	}
	if v.lostMany() {
		why = append(why, fmt.Sprintf("%d lines of nginx's log were lost or could not be read, of %d requests that were seen", v.Lost+v.Unreadable, v.New.Requests+v.Old.Requests))
	}
	for _, service := range unseen {
		why = append(why, "nginx does not log the requests of "+service)
	}
	return why
}

func (v Verdict) lostMany() bool {
	gone := v.Lost + v.Unreadable
	return float64(gone) > lostShare*float64(gone+v.New.Requests+v.Old.Requests)
}

// exceeded says which limits the new colour exceeds, and which cannot be compared.
func (v Verdict) exceeded(l Limits) (worse, unknown []string) {
	for _, share := range []struct {
		what     string
		new, old int
	}{{"failed with 5xx", v.New.Failed, v.Old.Failed}, {"met an upstream error", v.New.UpstreamErrors, v.Old.UpstreamErrors}} {
		fresh := part(share.new, v.New.Requests)
		if fresh > l.Errors {
			worse = append(worse, fmt.Sprintf("%s of the requests of the new colour %s, and judge.errors is %s", percent(fresh), share.what, percent(l.Errors)))
		}
		if old := part(share.old, v.Old.Requests); l.WorseThanOld > 0 && v.Old.Requests >= l.MinRequests && fresh > l.WorseThanOld*max(old, part(1, l.MinRequests)) {
			worse = append(worse, fmt.Sprintf("%s of the requests of the new colour %s, and %s of the old one's; judge.worse_than_old is %gx", percent(fresh), share.what, percent(old), l.WorseThanOld))
		}
	}
	if limit := l.P95.Milliseconds(); limit > 0 && v.New.P95MS > limit {
		worse = append(worse, fmt.Sprintf("95 %% of the requests of the new colour were answered within %d ms, and judge.p95 is %s", v.New.P95MS, l.P95))
	}
	if l.WorseThanOld == 0 {
		return worse, nil
	}
	if v.Old.Requests < l.MinRequests {
		return worse, []string{fmt.Sprintf("%d requests of the old colour were seen in the same time, and to compare with it (judge.worse_than_old) %d are needed", v.Old.Requests, l.MinRequests)}
	}
	if old := max(v.Old.P95MS, shortTime.Milliseconds()); float64(v.New.P95MS) > l.WorseThanOld*float64(old) {
		worse = append(worse, fmt.Sprintf("95 %% of the requests of the new colour were answered within %d ms, and of the old one's within %d ms; judge.worse_than_old is %gx", v.New.P95MS, v.Old.P95MS, l.WorseThanOld))
	}
	return worse, nil
}

func (t *tally) figures() Figures {
	return Figures{
		Requests: t.requests, Failed: t.failed, UpstreamErrors: t.upstream, Closed: t.closed,
		P50MS: t.quantile(0.5).Milliseconds(), P95MS: t.quantile(0.95).Milliseconds(),
	}
}

// mostWorst is how many paths a verdict names.
const mostWorst = 5

// worst are the paths with the most failures, then the slowest ones.
func (w *Window) worst() []Path {
	all := []Path{}
	for request, p := range w.paths {
		all = append(all, Path{Request: request, Requests: p.requests, Failed: p.failed, SlowestMS: int64(p.slowest)})
	}
	slices.SortFunc(all, func(a, b Path) int {
		return cmp.Or(cmp.Compare(b.Failed, a.Failed), cmp.Compare(b.SlowestMS, a.SlowestMS), strings.Compare(a.Request, b.Request))
	})
	return all[:min(len(all), mostWorst)]
}

func part(of, all int) float64 {
	if all == 0 {
		return 0
	}
	return float64(of) / float64(all)
}

func percent(share float64) string {
	text := fmt.Sprintf("%.1f", 100*share)
	return strings.TrimSuffix(text, ".0") + " %"
}

// String is one line: 1,200 requests, 60 failed (5 %), …
func (f Figures) String() string {
	text := fmt.Sprintf("%d requests, %d failed with 5xx (%s), %d with upstream errors (%s), p50 %s, p95 %s", f.Requests,
		f.Failed, percent(part(f.Failed, f.Requests)), f.UpstreamErrors, percent(part(f.UpstreamErrors, f.Requests)),
		time.Duration(f.P50MS)*time.Millisecond, time.Duration(f.P95MS)*time.Millisecond)
	if f.Closed > 0 {
		text += fmt.Sprintf(", %d given up by the client (499)", f.Closed)
	}
	return text
}

// Summary says what was seen, in one line.
func (v Verdict) Summary() string {
	text := "new colour: " + v.New.String()
	if v.Old.Requests > 0 {
		text += "; old colour: " + v.Old.String()
	}
	if v.Lost > 0 {
		text += fmt.Sprintf("; %d lines lost", v.Lost)
	}
	var paths []string
	for _, p := range v.Worst {
		if p.Failed > 0 {
			paths = append(paths, fmt.Sprintf("%s (%d of %d failed)", p.Request, p.Failed, p.Requests))
		}
	}
	if len(paths) > 0 {
		text += "; worst paths: " + strings.Join(paths, ", ")
	}
	return text
}
