// Package watch looks at an application between its deployments: it measures checks, keeps a verdict about each, records
// what changed, and heals within a budget if the user wants that.
//
// The package knows the engine, nginx and the history by its own interfaces only.
package watch

import (
	"time"

	"bluegate/watch/verdict"
)

// Live is the name of the check that stands for Docker's health of the live colour. No other check has this name.
const Live = "live"

// Check is something that is measured again and again.
type Check struct {
	// Name is unique, and the same over restarts and deployments.
	Name string `json:"name"`
	// Kind is http, tcp, tls, dns or exec; docker for Live.
	Kind string `json:"kind"`
	// Target is what is asked, without secrets. It may contain the name of a container or a host.
	Target string `json:"target"`
	// Every is the time from one measurement to the next, without jitter.
	Every time.Duration `json:"every"`
}

// Sample is one measurement of a check.
type Sample struct {
	Check string    `json:"check"`
	At    time.Time `json:"at"` // when it began
	// Took is how long the answer took; 0 if there was none.
	Took   time.Duration  `json:"took"`
	Result verdict.Result `json:"result"`
	// Said is why the result is not good: text without secrets and control characters. Empty for a good result.
	Said string `json:"said,omitempty"`
	// CertificateEnds is set by checks that see a certificate.
	CertificateEnds time.Time `json:"certificate_ends,omitzero"`
}

// Bucket summarizes the samples of one check in [From, From+Step). With Step 0 it is a single sample.
type Bucket struct {
	Check string        `json:"check"`
	From  time.Time     `json:"from"`
	Step  time.Duration `json:"step"`
	// Good, Bad, Unmeasured and Paused count the samples by result.
	Good       int `json:"good"`
	Bad        int `json:"bad"`
	Unmeasured int `json:"unmeasured"`
	Paused     int `json:"paused"`
	// The times are those of answers, good or bad. They are 0 if no answer came.
	Min    time.Duration `json:"min"`
	Median time.Duration `json:"median"`
	P95    time.Duration `json:"p95"`
	Max    time.Duration `json:"max"`
	Said   string        `json:"said,omitempty"` // of the last sample that was not good
}
