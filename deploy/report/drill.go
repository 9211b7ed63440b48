package report

import (
	"time"

	"bluegate/deploy/model"
)

// Drill is what the users of a drill's load met.
type Drill struct {
	URL      string `json:"url"`
	Rate     int    `json:"rate"` // short requests per second, at most
	MS       int64  `json:"ms"`   // how long the load ran
	Requests int    `json:"requests"`
	Lost     int    `json:"lost"`
	// Announced are those of the lost requests that a finding of doctor's announces: their kind, and how they were lost.
	Announced int           `json:"announced"`
	Kinds     []DrillKind   `json:"kinds"`
	Switches  []DrillSwitch `json:"switches"`
}

// DrillKind is a kind of user, and what became of its requests.
type DrillKind struct {
	Kind        string      `json:"kind"`
	Paths       []string    `json:"paths"`
	Skipped     string      `json:"skipped,omitempty"` // why no request of this kind was sent
	Requests    int         `json:"requests"`
	Lost        int         `json:"lost"`
	Announced   int         `json:"announced"`
	AnnouncedBy []string    `json:"announced_by"` // the codes of doctor's findings
	Resent      int         `json:"resent"`       // sent again by the client, as browsers do, and answered
	Losses      []DrillLoss `json:"losses"`       // the first few
}

// DrillLoss is one request that was lost.
type DrillLoss struct {
	At        time.Time `json:"at"` // when it was lost
	Path      string    `json:"path"`
	How       string    `json:"how"`
	Message   string    `json:"message"`
	Switch    int       `json:"switch"`   // the last one before, from 1; 0: none
	AfterMS   int64     `json:"after_ms"` // since that switch
	Announced bool      `json:"announced"`
}

// DrillSwitch is one of the switches of a drill.
type DrillSwitch struct {
	To      model.Colour `json:"to"`
	At      time.Time    `json:"at"` // when it began
	MS      int64        `json:"ms"` // until it was proven
	DrainMS int64        `json:"drain_ms"`
	Drained bool         `json:"drained"` // nothing was in flight on the other colour any more
	Lost    int          `json:"lost"`    // from its beginning to that of the next
}
