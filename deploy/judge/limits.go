package judge

import "time"

// Limits are what a release may cost its users. The zero value judges nothing: see DefaultLimits.
type Limits struct {
	// Errors is the share of requests that may fail: 0.01 is 1 %.
	Errors float64
	// WorseThanOld is by which factor the share of failed requests and the 95th percentile of the time may be larger than
	// those of the old colour in the same window; 0: they are not compared.
	WorseThanOld float64
	P95          time.Duration // 0: no limit
	MinRequests  int           // fewer say nothing
	TooFew       Policy
}

// DefaultLimits are those of a configuration that sets none of them.
func DefaultLimits() Limits { return Limits{Errors: 0.01, MinRequests: 50, TooFew: Wait} }

// Policy is what becomes of a release about which the requests do not tell.
type Policy string

// The policies. Wait waits for more requests, up to three windows, and refuses then.
const (
	Wait   Policy = "wait"
	Pass   Policy = "pass"
	Refuse Policy = "refuse"
)

// lostShare is the share of lost lines above which what is left tells nothing.
const lostShare = 0.05

// shortTime is what times are taken to be at least where they are compared: nginx counts in milliseconds, and twice
// nothing is nothing.
const shortTime = 10 * time.Millisecond
