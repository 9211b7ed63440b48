package progress

import (
	"fmt"
	"slices"
	"time"

	"bluegate/cmd/bluegate/ui/style"
	"bluegate/deploy/gate"
)

// allGood says whether every container is healthy.
func allGood(v gate.Verdict) bool {
	return len(v.Progress) > 0 && !slices.ContainsFunc(v.Progress, func(c gate.Progress) bool { return !c.Good })
}

// outlook says how long the step that watches containers may still take; empty once it has decided. During the bake
// there is no gate: users are already on the release.
func outlook(step string, v gate.Verdict, now time.Time) string {
	if v.Decision != gate.Waiting {
		return ""
	}
	left := max(v.Next.Sub(now), 0)
	switch {
	case !allGood(v):
		return style.Shortly(left) + " at most"
	case step == "bake", step == "canary":
		return "all healthy, passes in " + style.Shortly(left)
	}
	return "all healthy, switches in " + style.Shortly(left)
}

// condition is the state of a container in one word of the user.
func condition(c gate.Progress) string {
	switch {
	case c.Name == "":
		return "waiting"
	case c.State != gate.StateRunning:
		return string(c.State)
	case c.Health == gate.HealthNone:
		return "running"
	}
	return string(c.Health)
}

// failing says how many probes of a container failed, if any did.
func failing(c gate.Progress) string {
	if c.FailingStreak == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d probes failed", c.FailingStreak, c.Retries)
}
