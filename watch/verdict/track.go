package verdict

import (
	"slices"
	"time"
)

// Settings are when a verdict changes.
type Settings struct {
	DownAfter int // so many bad results in a row, at least 1
	UpAfter   int // so many good results in a row, at least 1
}

// Input is one result.
type Input struct {
	At     time.Time
	Result Result
	Took   time.Duration // of a good result
	// Latency is what the median of the last good results may be; 0: anything.
	Latency time.Duration
	// Warning is why a good result is degraded, such as a certificate that ends soon; empty: it is not.
	Warning string
	// Why is the evidence of a bad result.
	Why string
}

// Change is a verdict that changed.
type Change struct {
	From, To Verdict
	Since    time.Time // of the first of the results that decided it
	Why      string
}

// window is how many times a median is made of.
const window = 5

// Track keeps the verdict of one check. Its zero value is not usable: see NewTrack.
type Track struct {
	settings Settings
	verdict  Verdict
	settled  Verdict // the last verdict that is not Unknown
	times    []time.Duration

	// Rows of results of the same kind, up to now. What answered is either good or degraded.
	bad, answered, good, degraded, silent row
}

// row counts results of one kind without interruption.
type row struct {
	n     int
	since time.Time // of the first
}

func (r *row) add(at time.Time) {
	if r.n++; r.n == 1 {
		r.since = at
	}
}

// NewTrack begins with a verdict that was kept from before; Unknown if there is none.
func NewTrack(s Settings, kept Verdict) *Track {
	return &Track{settings: s, verdict: kept, settled: kept}
}

// Verdict is the verdict now.
func (t *Track) Verdict() Verdict { return t.verdict }

// Doubtful says whether one more bad result makes the check down. Before it adds one, the caller looks at itself: a
// process that has lost its own network adds Unmeasured.
func (t *Track) Doubtful() bool { return t.verdict != Down && t.bad.n+1 >= t.settings.DownAfter }

// Add takes a result, and says whether the verdict changed.
//
// A result that was not measured counts neither as good nor as bad; as many in a row as make a check down make it
// unknown. A result during a deployment ends every row: another release may follow.
func (t *Track) Add(in Input) (Change, bool) {
	switch in.Result {
	case Paused:
		t.bad, t.answered, t.good, t.degraded, t.silent, t.times = row{}, row{}, row{}, row{}, row{}, nil
		return Change{}, false
	case Unmeasured:
		if t.silent.add(in.At); t.silent.n < t.settings.DownAfter {
			return Change{}, false
		}
		return t.become(Unknown, t.silent.since, in.Why)
	}
	t.silent = row{}
	if in.Result == Bad {
		t.answered, t.good, t.degraded = row{}, row{}, row{}
		if t.bad.add(in.At); t.bad.n < t.settings.DownAfter {
			return Change{}, false
		}
		return t.become(Down, t.bad.since, in.Why)
	}
	return t.answer(in)
}

// answer takes a result that is not bad.
func (t *Track) answer(in Input) (Change, bool) {
	t.times = append(t.times, in.Took)
	t.times = t.times[max(0, len(t.times)-window):]
	grade, why, grown := Healthy, "", &t.good
	if why = t.warning(in); why != "" {
		grade, grown = Degraded, &t.degraded
		t.good = row{}
	} else {
		t.degraded = row{}
	}
	t.bad = row{}
	t.answered.add(in.At)
	grown.add(in.At)
	switch {
	case t.settled == Unknown, t.settled == grade:
		return t.become(grade, in.At, why)
	case t.settled == Down && t.answered.n >= t.settings.UpAfter:
		return t.become(grade, t.answered.since, why)
	case t.settled == Healthy && t.degraded.n >= t.settings.DownAfter:
		return t.become(Degraded, t.degraded.since, why)
	case t.settled == Degraded && t.good.n >= t.settings.UpAfter:
		return t.become(Healthy, t.good.since, why)
	}
	return t.become(t.settled, in.At, "it can be measured again")
}

// warning is why an answer is degraded; empty: it is not.
func (t *Track) warning(in Input) string {
	if in.Warning != "" {
		return in.Warning
	}
	if median := t.median(); in.Latency > 0 && median > in.Latency {
		return "the median of the last answers is " + roughly(median) + ", and may be " + in.Latency.String()
	}
	return ""
}

func (t *Track) become(to Verdict, since time.Time, why string) (Change, bool) {
	from := t.verdict
	if to != Unknown {
		t.settled = to
	}
	t.verdict = to
	return Change{From: from, To: to, Since: since, Why: why}, from != to
}

func (t *Track) median() time.Duration {
	sorted := slices.Sorted(slices.Values(t.times))
	return sorted[(len(sorted)-1)/2]
}

func roughly(d time.Duration) string {
	if d < time.Millisecond {
		return d.Round(time.Microsecond).String()
	}
	return d.Round(time.Millisecond).String()
}
