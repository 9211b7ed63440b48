package load

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// history makes a record of "0b 100b 110g": who answered the request that was started so many milliseconds in.
// A capital letter is an answer on a re-used connection, "x" a failure.
func history(t *testing.T, text string) Record {
	t.Helper()
	var requests []Request
	for word := range strings.FieldsSeq(text) {
		var ms int
		var who string
		if _, err := fmt.Sscanf(word, "%d%s", &ms, &who); err != nil {
			t.Fatal(err)
		}
		request := Request{Start: time.UnixMilli(int64(ms)), Colour: map[string]string{"b": "blue", "g": "green"}[strings.ToLower(who)]}
		request.Reused = strings.ToUpper(who) == who
		if who == "x" {
			request.Err = "502 Bad Gateway"
		}
		requests = append(requests, request)
	}
	return NewRecord(requests, 0)
}

func TestTimeline(t *testing.T) {
	for name, test := range map[string]struct {
		history string
		colours string
		windows string
	}{
		"nothing":                 {"", "[]", "[]"},
		"only failures":           {"0x 10x", "[]", "[]"},
		"no change":               {"0b 10b 1000b", "[blue]", "[]"},
		"clean change":            {"0b 100b 110g 120g", "[blue green]", "[0s]"},
		"in any order":            {"120g 0b 110g 100b", "[blue green]", "[0s]"},
		"a reload's mixture":      {"0b 100g 110b 120g 150b 199b 210g 900g", "[blue green]", "[99ms]"},
		"re-used does not count":  {"0b 100g 110G 500B 900g", "[blue green]", "[0s]"},
		"failures do not count":   {"0b 50x 100g 150x 200g", "[blue green]", "[0s]"},
		"too long a mixture":      {"0b 100g 300b 350g 550b 700g", "[blue green]", "[450ms]"},
		"rolled back":             {"0b 100g 150b 200g 900g 1000b 1050g 1100b", "[blue green blue]", "[50ms 50ms]"},
		"there and back":          {"0b 100g 200g 300b 900b", "[blue blue]", "[100ms]"},
		"a straggler is a change": {"0b 100g 600g 700b 710g 900g", "[blue green green]", "[0s 0s]"},
		"seen first after a gap":  {"0b 5000g", "[blue green]", "[0s]"},
	} {
		record := history(t, test.history)
		windows := []time.Duration{}
		for _, change := range record.Changes() {
			windows = append(windows, change.Window())
		}
		if got := fmt.Sprint(record.Colours()); got != test.colours {
			t.Errorf("%s: colours %s, want %s", name, got, test.colours)
		}
		if got := fmt.Sprint(windows); got != test.windows {
			t.Errorf("%s: windows %s, want %s", name, got, test.windows)
		}
	}
}
