package main

import (
	"fmt"
	"strings"
	"time"
)

// claim is something that the project says of itself, with what was measured of it.
type claim struct {
	says     string
	measured string
	holds    bool
}

// verdict is a table of the claims for which something was measured.
func verdict(claims []claim) string {
	var b strings.Builder
	b.WriteString("| | measured | |\n|---|---|---|\n")
	for _, c := range claims {
		word := "holds"
		if !c.holds {
			word = "**does not hold**"
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", c.says, c.measured, word)
	}
	return b.String()
}

// largest is how much memory the tool may take.
const largest = 80e6

func raceClaims(results map[string][]result) (claims []claim) {
	opened := func(of string, limit time.Duration) {
		if all := results[of]; len(all) > 0 {
			took := median(all, func(r result) float64 { return r.opened.Seconds() })
			claims = append(claims, claim{fmt.Sprintf("%s: from the gate's opening to the proven switch, at most %s", of, limit), fmt.Sprintf("%.0f ms", took*1000), took <= limit.Seconds()})
		}
	}
	opened(nameStable, 180*time.Millisecond)
	opened(nameAtOnce, 180*time.Millisecond)
	opened(nameFlag, 25*time.Millisecond)
	sooner := func(ours, theirs string, times float64) {
		if len(results[ours]) == 0 || len(results[theirs]) == 0 {
			return
		}
		ratio := users(results[theirs]) / users(results[ours])
		claims = append(claims, claim{fmt.Sprintf("users on the new release at least %g times sooner with %s than with %s", times, ours, theirs), fmt.Sprintf("%.2f times sooner", ratio), ratio >= times})
	}
	sooner(nameHasty, nameUpWait, 1.8)
	sooner(nameHasty, nameSleep, 10)
	sooner(nameAtOnce, nameUpWait, 1)
	noLater := func(ours, theirs string, times float64) {
		if len(results[ours]) == 0 || len(results[theirs]) == 0 {
			return
		}
		ratio := users(results[ours]) / users(results[theirs])
		claims = append(claims, claim{fmt.Sprintf("users on the new release no later than %g × with %s as with %s", times, ours, theirs), fmt.Sprintf("%.2f ×", ratio), ratio <= times})
	}
	noLater(nameSoon, nameSoonUpWait, 1.1)
	var memory int64
	for name, all := range results {
		for _, r := range all {
			if strings.HasPrefix(name, "bluegate") {
				memory = max(memory, r.memory)
			}
		}
	}
	if memory > 0 {
		claims = append(claims, claim{"peak memory of a deployment under 80 MB", fmt.Sprintf("%.0f MB", float64(memory)/1e6), memory < largest})
	}
	return claims
}

func users(all []result) float64 {
	return median(all, func(r result) float64 { return r.toUsers.Seconds() })
}

// scaleClaims are about what waiting costs as a colour grows.
func scaleClaims(sizes []size) (claims []claim) {
	var memory int64
	least, most := sizes[0].waiting, sizes[0].waiting
	for _, s := range sizes {
		memory, least, most = max(memory, s.memory), min(least, s.waiting), max(most, s.waiting)
		if s.containers == 100 {
			claims = append(claims, claim{"at 100 containers the verdict comes within 50 ms of the last healthy event", fmt.Sprintf("%d ms", s.verdict.Milliseconds()), s.verdict <= 50*time.Millisecond})
		}
	}
	if len(sizes) > 1 {
		// Half a call more or less is one that falls just inside the time that is looked at, or just outside.
		claims = append(claims, claim{"calls per second while waiting do not grow with the containers", fmt.Sprintf("%.1f to %.1f", least, most), most-least < 0.5})
	}
	last := sizes[len(sizes)-1].containers
	return append(claims, claim{fmt.Sprintf("peak memory under 80 MB with %d containers", last), fmt.Sprintf("%.0f MB", float64(memory)/1e6), memory < largest})
}
