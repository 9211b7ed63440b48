package check

import (
	"bytes"
	"fmt"
	"time"
)

// Judge says why an answer is not good enough; empty: it is. now is needed for the end of a certificate.
func (c Check) Judge(a Result, now time.Time) string {
	if a.Error != "" {
		return a.Error
	}
	why := ""
	switch c.Kind {
	case HTTP:
		why = c.judgeHTTP(a)
	case TLS:
		why = c.judgeTLS(a, now)
	case DNS:
		if len(a.Addresses) == 0 {
			why = "the name has no address"
		}
	case Exec:
		if a.ExitCode != 0 {
			why = fmt.Sprintf("exit code %d", a.ExitCode)
		}
	}
	if why == "" && c.Latency > 0 && a.Took > c.Latency {
		why = fmt.Sprintf("it took %s, and may take %s", roughly(a.Took), c.Latency)
	}
	return why
}

func (c Check) judgeHTTP(a Result) string {
	within := ""
	if a.Cut {
		within = fmt.Sprintf(" in its first %d KiB", BodyLimit>>10)
	}
	switch {
	case !c.Statuses.Contain(a.Status) && a.Location != "":
		return fmt.Sprintf("status %d, a redirect to %s, wanted %s", a.Status, a.Location, c.Statuses)
	case !c.Statuses.Contain(a.Status):
		return fmt.Sprintf("status %d, wanted %s", a.Status, c.Statuses)
	case c.Contains != "" && !bytes.Contains(a.Body, []byte(c.Contains)):
		return fmt.Sprintf("status %d, but the body does not contain %q%s", a.Status, c.Contains, within)
	case c.ContainsNot != "" && bytes.Contains(a.Body, []byte(c.ContainsNot)):
		return fmt.Sprintf("status %d, but the body contains %q", a.Status, c.ContainsNot)
	}
	return ""
}

func (c Check) judgeTLS(a Result, now time.Time) string {
	left := a.NotAfter.Sub(now)
	if left < time.Duration(c.DaysLeft)*24*time.Hour {
		return fmt.Sprintf("the certificate ends at %s, in %d days, wanted %d at least", a.NotAfter.UTC().Format(time.RFC3339), int(left.Hours()/24), c.DaysLeft)
	}
	return ""
}

func roughly(d time.Duration) time.Duration {
	if d < time.Millisecond {
		return d.Round(time.Microsecond)
	}
	return d.Round(time.Millisecond)
}
