package nginx

import (
	"fmt"
	"regexp"
	"testing"
	"time"

	"pgregory.net/rapid"

	"bluegate/nginx/conf"
)

var gateLine = regexp.MustCompile(`(?m)^"~(.+)" 1;$`)

// The expression of a gate holds for every second before its end, and for none from then on.
func TestGateUntil(t *testing.T) {
	if content := gateUntil(time.Time{}); gateLine.Match(content) {
		t.Errorf("closed: %s", content)
	}
	rapid.Check(t, func(t *rapid.T) {
		end := rapid.Int64Range(1_700_000_000, 4_000_000_000).Draw(t, "end")
		at := end + rapid.OneOf(rapid.Int64Range(-2, 2), rapid.Int64Range(-100_000_000, 100_000_000)).Draw(t, "at")
		content := gateUntil(time.Unix(end, 0))
		if _, err := conf.Parse("x.map", content); err != nil {
			t.Fatal(err)
		}
		m := gateLine.FindSubmatch(content)
		if m == nil {
			t.Fatalf("no line in %s", content)
		}
		if open := regexp.MustCompile(string(m[1])).MatchString(fmt.Sprintf("%d.123", at)); open != (at < end) {
			t.Fatalf("%d seconds from the end: open %t", at-end, open)
		}
	})
}
