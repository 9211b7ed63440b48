// Package verdict decides from the results of a check whether what it asks is healthy, degraded or down.
//
// The package is pure. It has no clock and does no I/O: the caller gives each result to Track.Add.
package verdict

// Verdict is what is known of one check.
type Verdict string

// The verdicts. Unknown is the verdict of a check that has no result yet, or that could not be measured.
const (
	Unknown  Verdict = "unknown"
	Healthy  Verdict = "healthy"
	Degraded Verdict = "degraded"
	Down     Verdict = "down"
)

// Result is what one measurement says.
type Result string

// The results. Unmeasured is no statement about the application: the watching process could not ask. Paused is a result
// during a deployment: it is recorded and decides nothing.
const (
	Good       Result = "good"
	Bad        Result = "bad"
	Unmeasured Result = "unmeasured"
	Paused     Result = "paused"
)
