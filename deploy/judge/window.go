package judge

import (
	"maps"
	"slices"
	"time"
)

// Side is whose address nginx passed a request to.
type Side int

// The sides. Requests to what is neither colour do not count.
const (
	Neither Side = iota
	Old
	New
)

// Window is what the requests of one span of time say of the two colours. Its memory is bounded, however many there are.
type Window struct {
	// Unseen are the services whose requests nginx does not log, each with its place.
	Unseen []string

	sideOf     func(address string) Side
	sides      map[Side]*tally
	paths      map[string]*pathTally // of the new colour
	seen       recent
	lost       int
	unreadable int
	duplicates int
	sameKey    run
}

// NewWindow begins a window. sideOf says whose an address is, as nginx writes it: ip:port.
func NewWindow(sideOf func(address string) Side) *Window {
	return &Window{sideOf: sideOf, sides: map[Side]*tally{Old: newTally(), New: newTally()}, paths: map[string]*pathTally{}}
}

// tally counts the requests of one colour.
type tally struct {
	requests, failed, upstream, closed int
	times                              map[int]int // milliseconds: attempts
}

func newTally() *tally { return &tally{times: map[int]int{}} }

// pathTally counts the requests of one path.
type pathTally struct{ requests, failed, slowest int }

const (
	mostPaths = 2000 // that are told apart
	slowest   = 600000
)

// Add counts what came.
func (w *Window) Add(b Batch) {
	if b.Fresh {
		w.seen = recent{}
	}
	w.lost += b.Lost
	w.unreadable += b.Unreadable
	for _, r := range b.Records {
		if w.seen.has(r.ID) {
			w.duplicates++
			continue
		}
		w.add(r)
	}
}

func (w *Window) add(r Record) {
	last := Neither
	tried := map[Side]bool{}
	broken := map[Side]bool{}
	took := time.Duration(-1)
	for _, a := range r.Attempts {
		side := w.sideOf(a.Address)
		if side == Neither {
			continue
		}
		last, tried[side] = side, true
		if a.failed(r) {
			broken[side] = true
		}
		if a.Took >= 0 && a.Status != switchingProtocols {
			w.sides[side].times[min(int(a.Took.Milliseconds()), slowest)]++
			if side == New {
				took = max(took, a.Took)
			}
		}
	}
	for side := range tried {
		t := w.sides[side]
		t.requests++
		if broken[side] {
			t.upstream++
		}
	}
	if last == Neither {
		return
	}
	failed := r.Status >= 500
	switch {
	case failed:
		w.sides[last].failed++
	case r.Status == clientClosed:
		w.sides[last].closed++
	}
	if r.Key != "" {
		w.sameKey.add(r.Key)
	}
	if tried[New] {
		w.addPath(r.Request, failed && last == New || broken[New], took)
	}
}

const (
	clientClosed       = 499 // the client did not wait for the answer: it says nothing of who is to blame
	switchingProtocols = 101 // the time is that of the whole connection
)

// failed says that an attempt got no answer, or one of the server's own errors. An attempt that the client gave up has
// no answer either.
func (a Attempt) failed(r Record) bool {
	return a.Status >= 500 || a.Status == 0 && r.Status != clientClosed
}

func (w *Window) addPath(request string, failed bool, took time.Duration) {
	p := w.paths[request]
	if p == nil {
		if len(w.paths) >= mostPaths {
			request = "(other paths)"
			p = w.paths[request]
		}
		if p == nil {
			p = &pathTally{}
			w.paths[request] = p
		}
	}
	p.requests++
	if failed {
		p.failed++
	}
	p.slowest = max(p.slowest, int(took.Milliseconds()))
}

// recent remembers the ids of the last requests.
type recent struct{ now, before map[string]bool }

// generation is how many ids are remembered at least.
const generation = 1 << 16

// has says whether an id was there, and remembers it.
func (r *recent) has(id string) bool {
	if r.now[id] || r.before[id] {
		return true
	}
	if r.now == nil || len(r.now) >= generation {
		r.now, r.before = map[string]bool{}, r.now
	}
	r.now[id] = true
	return false
}

// run counts how many times in a row the same value came.
type run struct {
	value string
	times int
}

func (r *run) add(value string) {
	if value != r.value {
		*r = run{value: value}
	}
	r.times++
}

// constantAfter is after how many requests of one key it is taken to be the same for all clients.
const constantAfter = 50

// ConstantKey is the key that all of the last 50 requests had, if they had one.
func (w *Window) ConstantKey() (key string, constant bool) {
	return w.sameKey.value, w.sameKey.times >= constantAfter
}

// quantile is the smallest time, in milliseconds, within which a share of the attempts were answered.
func (t *tally) quantile(share float64) time.Duration {
	total := 0
	for _, n := range t.times {
		total += n
	}
	need, sum := int(share*float64(total)+0.9999999), 0
	for _, ms := range slices.Sorted(maps.Keys(t.times)) {
		if sum += t.times[ms]; sum >= need {
			return time.Duration(ms) * time.Millisecond
		}
	}
	return 0
}
