package watch

import (
	"context"
	"fmt"
	"time"

	"bluegate/deploy/check"
	"bluegate/deploy/redact"
	"bluegate/watch/verdict"
)

// measurement is a sample, and why a good answer is degraded.
type measurement struct {
	Sample
	warning string
	err     error // it could not be asked
}

// measure asks a question until it has passed or failed. That is one sample.
func measure(ctx context.Context, asker Asker, q Question) measurement {
	judged := q.Check
	judged.Latency, judged.DaysLeft = 0, 0 // a slow answer is an answer
	m := measurement{Sample: Sample{Check: q.Name, At: time.Now()}}
	attempts := judged.NewAttempts()
	for {
		answer, err := asker.Ask(ctx, q)
		if err != nil {
			m.Result, m.Said, m.err = verdict.Unmeasured, redact.Sanitize(err.Error()), err
			return m
		}
		why := judged.Judge(answer, time.Now())
		attempts.Add(why)
		if answer.Error == "" {
			m.Took = answer.Took
		}
		m.CertificateEnds = answer.NotAfter
		if done, ok := attempts.Done(); done && ok {
			m.Result, m.warning = verdict.Good, q.certificateWarning(answer, time.Now())
			return m
		} else if done {
			m.Result, m.Said = verdict.Bad, redact.Sanitize(attempts.Why)
			return m
		}
		if !pause(ctx, q.Interval) {
			m.Result, m.Said, m.err = verdict.Unmeasured, "stopped", context.Cause(ctx)
			return m
		}
	}
}

// certificateWarning says that a certificate ends soon; empty: it does not.
func (q Question) certificateWarning(a check.Result, now time.Time) string {
	days := q.DaysLeft
	if days == 0 {
		days = CertificateDays
	}
	if a.NotAfter.IsZero() || a.NotAfter.Sub(now) >= time.Duration(days)*24*time.Hour {
		return ""
	}
	return fmt.Sprintf("the certificate ends at %s, in %d days", a.NotAfter.UTC().Format(time.RFC3339), int(a.NotAfter.Sub(now).Hours()/24))
}

// CertificateDays is below how many days before its end a certificate is degraded, unless a check says something else.
const CertificateDays = 14

// pause waits. It returns false if ctx ends first.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// describe is a question as a Check, without secrets.
func (q Question) describe(every time.Duration) Check {
	return Check{Name: q.Name, Kind: string(q.Kind), Target: q.Check.String(), Every: every}
}
