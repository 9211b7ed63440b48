package load

import (
	"testing"
	"time"
)

func TestTable(t *testing.T) {
	start := time.Date(2026, 11, 20, 11, 45, 0, 0, time.UTC)
	at := func(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }
	record := NewRecord([]Request{
		{Kind: KeepAlivePost, Path: "/signal/", Start: at(30), End: at(32), Reused: true, Err: "EOF"},
		{Kind: NoKeepAlive, Path: "/", Start: at(0), End: at(2), Status: 200, Colour: "blue"},
		{Kind: NoKeepAlive, Path: "/", Start: at(20), End: at(25), Status: 200, Colour: "green"},
		{Kind: NoKeepAlive, Path: "/", Start: at(40), End: at(41), Status: 502, Err: "502 Bad Gateway"},
		{Kind: KeepAlive, Path: "/", Start: at(10), End: at(12), Status: 200, Colour: "blue", Reused: true, Resent: 1},
	}, 1)
	want := `kind            requests    failed    resent
no-keepalive           3         1         0
keepalive              1         0         1
keepalive-post         1         1         0
total                  5         2         1
11:45:00.030 keepalive-post /signal/ after 2ms on a re-used connection: EOF
and 1 more failed
11:45:00.020 blue → green, mixed for 0s
`
	if got := record.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if lost := record.Lost(NoKeepAlive, KeepAlive); lost != 1 {
		t.Errorf("lost %d of no-keepalive and keepalive", lost)
	}
}
