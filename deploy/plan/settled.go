package plan

import (
	"fmt"
	"time"

	"bluegate/deploy/model"
)

// Removed says that the release of an entry, which had not passed, is not there any more.
func Removed(e *model.Entry, now time.Time) string {
	switch {
	case e.Waits() && e.Preview.Over(now):
		return fmt.Sprintf("release %s of %s waited to be promoted until %s: it was removed, and %s was not touched", e.Release, e.To, e.Preview.Until.UTC().Format(time.RFC3339), e.From)
	case e.Waits():
		return fmt.Sprintf("release %s of %s, which waited to be promoted, was removed, and %s was not touched", e.Release, e.To, e.From)
	case e.Drill:
		return fmt.Sprintf("the drill %s of %s had not ended: its containers were removed, and %s is live with those that it had", e.Release, e.To, OrNone(e.From))
	case e.Back != nil:
		return fmt.Sprintf("the rollback to release %s of %s had not passed when it ended: it was stopped again, and %s was not touched", e.Release, e.To, OrNone(e.From))
	}
	return fmt.Sprintf("release %s of %s had not passed when its deployment ended: it was removed, and %s was not touched", e.Release, e.To, OrNone(e.From))
}

// Retired says that the release of an entry is live, and what became of the old colour.
func Retired(e *model.Entry) string {
	if e.Keep == model.KeepRunning {
		return fmt.Sprintf("release %s of %s is live, and %s keeps running", e.Release, e.To, OrNone(e.From))
	}
	return fmt.Sprintf("release %s of %s is live: what its deployment had left of %s was retired", e.Release, e.To, OrNone(e.From))
}
