package drill

import (
	"slices"
	"time"

	"bluegate/deploy/drill/load"
	"bluegate/deploy/model"
	"bluegate/deploy/redact"
	"bluegate/deploy/report"
)

// keptLosses is how many lost requests of a kind a report shows.
const keptLosses = 5

// Tally says what each kind of user lost, after which switch, and whether doctor had announced it. A request that was lost
// before the first switch was announced by nothing.
func (s Settings) Tally(url string, took time.Duration, record load.Record, switches []report.DrillSwitch, findings []model.Finding) *report.Drill {
	d := &report.Drill{URL: url, Rate: s.Rate, MS: took.Milliseconds(), Kinds: []report.DrillKind{}, Switches: slices.Clone(switches)}
	if d.Switches == nil {
		d.Switches = []report.DrillSwitch{}
	}
	for _, kind := range load.AllKinds() {
		d.Kinds = append(d.Kinds, s.kind(kind, record, findings))
	}
	for _, r := range record.Requests {
		k := &d.Kinds[slices.Index(load.AllKinds(), r.Kind)]
		k.Requests++
		k.Resent += r.Resent
		d.Requests++
		if r.Failed() {
			lose(d, k, r, findings)
		}
	}
	return d
}

// kind is a kind of user of which nothing is counted yet.
func (s Settings) kind(kind load.Kind, record load.Record, findings []model.Finding) report.DrillKind {
	k := report.DrillKind{Kind: string(kind), AnnouncedBy: []string{}, Losses: []report.DrillLoss{}}
	if k.Paths, k.Skipped = s.paths(kind); k.Paths == nil {
		k.Paths = []string{}
	}
	for _, f := range findings {
		if announcements[f.Code].of(kind) && !slices.Contains(k.AnnouncedBy, f.Code) {
			k.AnnouncedBy = append(k.AnnouncedBy, f.Code)
		}
	}
	return k
}

// lose counts a request that was lost.
func lose(d *report.Drill, k *report.DrillKind, r load.Request, findings []model.Finding) {
	loss := report.DrillLoss{At: r.End, Path: r.Path, How: string(r.Loss), Message: redact.Sanitize(r.Err)}
	for i, s := range d.Switches {
		if s.At.Before(r.End) {
			loss.Switch, loss.AfterMS = i+1, r.End.Sub(s.At).Milliseconds()
		}
	}
	loss.Announced = loss.Switch > 0 && slices.ContainsFunc(findings, func(f model.Finding) bool { return announcements[f.Code].covers(r) })
	d.Lost++
	k.Lost++
	if loss.Switch > 0 {
		d.Switches[loss.Switch-1].Lost++
	}
	if loss.Announced {
		d.Announced++
		k.Announced++
	}
	if len(k.Losses) < keptLosses {
		k.Losses = append(k.Losses, loss)
	}
}
