package drill

import (
	"slices"

	"bluegate/deploy/drill/load"
	"bluegate/deploy/model"
)

// announcement is what a finding of doctor's says will be lost at a switch.
type announcement struct {
	kinds  []load.Kind
	losses []load.Loss
	kept   bool // only on connections that were kept
}

// announcements are those of package nginx/lint, by the codes of their findings.
var announcements = map[string]announcement{
	// Idle connections are closed while a request is on its way.
	"keepalive-race":        {[]load.Kind{load.KeepAlivePost}, []load.Loss{load.Closed}, true},
	"keepalive-min-timeout": {[]load.Kind{load.KeepAlivePost}, []load.Loss{load.Closed}, true},
	// What is in flight on an old worker is cut.
	"shutdown-timeout": {[]load.Kind{load.Long, load.Upload, load.Stream, load.WebSocket}, []load.Loss{load.Closed, load.Cut}, false},
	// The queue of a worker without a successor is lost.
	"reuseport": {load.AllKinds(), []load.Loss{load.NotConnected, load.Closed}, false},
}

// Announces says whether a finding announces that requests are lost.
func Announces(f model.Finding) bool {
	_, ok := announcements[f.Code]
	return ok
}

// Codes are those of the findings that announce a loss, sorted.
func Codes() (codes []string) {
	for code := range announcements {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	return codes
}

// of says whether a request of a kind may be lost so.
func (a announcement) of(kind load.Kind) bool { return slices.Contains(a.kinds, kind) }

func (a announcement) covers(r load.Request) bool {
	return a.of(r.Kind) && slices.Contains(a.losses, r.Loss) && (r.Reused || !a.kept)
}
