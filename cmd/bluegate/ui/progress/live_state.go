package progress

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"bluegate/cmd/bluegate/ui/style"
	"bluegate/deploy/gate"
	"bluegate/deploy/model"
)

// phase is a part of a run as its user sees it. Several steps of the program are one phase.
type phase struct {
	name, past string // what is done: pulling, pulled
	next       string // what will be done; NEW and OLD are the colours, and SPAN is a time
}

// The phases of a run.
var (
	inChecking  = &phase{"checking", "checked", ""}
	inPulling   = &phase{"pulling", "pulled", "pull"}
	inBuilding  = &phase{"building", "built", "build"}
	inStarting  = &phase{"starting", "started", "start NEW"}
	inWatching  = &phase{"watching", "watched", "watch SPAN"}
	inAsking    = &phase{"asking", "asked", "ask the checks"}
	inPreview   = &phase{"previewing", "ready for a preview", "leave NEW for a preview"}
	inSwitching = &phase{"switching", "switched", "switch nginx"}
	inCanary    = &phase{"canary", "canary", "give NEW to a share of the clients"}
	inBaking    = &phase{"baking", "baked", "bake SPAN"}
	inDraining  = &phase{"draining", "drained", "drain OLD"}
	inStopping  = &phase{"stopping", "stopped", "keep OLD for rollback"}
	inReturning = &phase{"switching back", "switched back", "switch back"}
	inRemoving  = &phase{"removing", "removed", "remove NEW"}
	inUndo      = &phase{"undoing", "undone", ""}
	inHooks     = &phase{"hooks", "hooks ran", ""}
)

// phases are those to which the steps belong.
var phases = map[string]*phase{
	"lock": inChecking, "settle": inChecking, "observe": inChecking, "plan": inChecking, "examine": inChecking, "try-restart": inChecking, "try": inChecking,
	"pull": inPulling, "build": inBuilding, "replace": inStarting, "up": inStarting, "checks": inAsking, "rehearse": inSwitching, "switch": inSwitching,
	"gate": inWatching, "preview": inPreview, "canary": inCanary, "bake": inBaking, "keep": inDraining, "drain": inDraining, "retire": inStopping, "switch-back": inReturning, "drain-back": inReturning, "remove": inRemoving, "abandon": inUndo, "rollback": inUndo,
	"reload": inSwitching,
}

// donePhase is a phase that is over.
type donePhase struct {
	*phase
	detail string
	took   time.Duration
	failed bool
}

// transfer is a pull or a build, and how fast it is.
type transfer struct {
	model.Transfer
	rate rate
}

// liveState is what the live view shows: what was told so far. It is not safe for concurrent use.
type liveState struct {
	began     time.Time
	about     model.Overview
	done      []donePhase
	step      string
	phase     *phase
	since     time.Time // of phase
	verdict   gate.Verdict
	transfers []*transfer
	drain     model.DrainStatus
	drainEnds time.Time
	messages  []string
	stopped   bool // what is done now undoes what was done before
}

// begin notes that a step begins.
func (s *liveState) begin(step string, now time.Time) {
	next, known := phases[step]
	if !known {
		next = inHooks
	}
	if style.Undoing(step) {
		s.stopped = true
	}
	s.step = step
	s.enter(next, now)
}

// enter ends the phase that runs, if it is another one.
func (s *liveState) enter(next *phase, now time.Time) {
	if s.phase == next {
		return
	}
	idle := (s.phase == inPulling || s.phase == inBuilding) && len(s.transfers) == 0
	if s.phase != nil && !idle {
		s.done = append(s.done, donePhase{phase: s.phase, detail: s.detail(), took: now.Sub(s.since), failed: next == inUndo})
	}
	s.phase, s.since = next, now
	if next != inPulling && next != inBuilding {
		s.transfers = nil
	}
}

// judge takes what the gate says. Once all are healthy, the time begins in which they have to stay so.
func (s *liveState) judge(v gate.Verdict, now time.Time) {
	s.verdict = v
	if s.phase == inStarting && s.step == "up" && allGood(v) {
		s.enter(inWatching, now)
	}
}

// transfer takes how far an image is.
func (s *liveState) transfer(t model.Transfer, now time.Time) {
	i := slices.IndexFunc(s.transfers, func(old *transfer) bool { return old.Image == t.Image && old.Build == t.Build })
	if i < 0 {
		s.transfers, i = append(s.transfers, &transfer{}), len(s.transfers)
	}
	s.transfers[i].Transfer = t
	s.transfers[i].rate.add(t.Done, now)
}

// whole says whether there is more to show than one line: a release is known, and the run changes something.
func (s *liveState) whole() bool {
	return s.about.To != model.None && !s.about.Looks && len(s.about.Ahead) > 0
}

// good counts the containers that are healthy.
func (s *liveState) good() (good, all int) {
	for _, c := range s.verdict.Progress {
		if c.Good {
			good++
		}
	}
	return good, len(s.verdict.Progress)
}

// detail says what came of the phase that runs, for the time when it is over.
func (s *liveState) detail() string {
	switch s.phase {
	case inChecking:
		return s.checked()
	case inPulling, inBuilding:
		return s.brought()
	case inWatching:
		if allGood(s.verdict) && !s.stopped {
			return "all healthy for " + style.Shortly(s.about.Stable)
		}
		fallthrough
	case inStarting:
		good, all := s.good()
		if all == 0 {
			return ""
		}
		return fmt.Sprintf("%d of %d healthy", good, all)
	case inSwitching:
		return "users are on " + style.Named(s.about.To, s.about.Versions)
	case inDraining, inStopping:
		return style.ColourOr(s.about.From, "")
	case inUndo:
		return style.ColourOr(s.about.To, "") + " and what it brought"
	}
	return ""
}

func (s *liveState) checked() string {
	var parts []string
	if s.about.Nginx != "" {
		parts = append(parts, "nginx "+shortNginx(s.about.Nginx))
	}
	if s.about.Services > 0 {
		parts = append(parts, model.Count(s.about.Services, "service"))
	}
	return strings.Join(parts, ", ")
}

// shortNginx is nginx's container without quotes: container "shop-nginx" is shop-nginx.
func shortNginx(name string) string {
	return strings.Trim(strings.TrimPrefix(name, "container "), `"`)
}

// brought names the images that were pulled or built, with their bytes.
func (s *liveState) brought() string {
	var names []string
	bytes := int64(0)
	for _, t := range s.transfers {
		names = append(names, shortImage(t.Image))
		if !t.Build {
			bytes += t.Total
		}
	}
	text := strings.Join(names, ", ")
	if len(names) > 2 {
		text = fmt.Sprintf("%d images", len(names))
	}
	if bytes > 0 {
		text += "  " + style.Size(bytes)
	}
	return text
}

// shortImage is a reference without its registry and folders.
func shortImage(ref string) string { return ref[strings.LastIndex(ref, "/")+1:] }

// served says whether users are on the release already.
func (s *liveState) served() bool {
	return s.about.To != model.None && s.about.Live == s.about.To
}

// rateSpan is the time over which a rate is measured.
const rateSpan = 5 * time.Second

// rate measures how fast a number grows.
type rate struct {
	seen []measured
}

type measured struct {
	at   time.Time
	done int64
}

func (r *rate) add(done int64, now time.Time) {
	r.seen = append(r.seen, measured{now, done})
	for len(r.seen) > 2 && now.Sub(r.seen[0].at) > rateSpan {
		r.seen = r.seen[1:]
	}
}

// perSecond is the mean of the last rateSpan; 0 while it is not known.
func (r *rate) perSecond() int64 {
	if len(r.seen) < 2 {
		return 0
	}
	first, last := r.seen[0], r.seen[len(r.seen)-1]
	span := last.at.Sub(first.at).Seconds()
	if span < 0.5 || last.done <= first.done {
		return 0
	}
	return int64(float64(last.done-first.done) / span)
}
