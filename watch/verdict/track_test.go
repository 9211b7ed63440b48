package verdict

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

var settings = Settings{DownAfter: 3, UpAfter: 2}

// inputs reads one letter for each result: g good, s good and slow, w good with a warning, b bad, u not measured, p during
// a deployment.
func inputs(word string) (all []Input) {
	for i, letter := range word {
		in := Input{At: time.Unix(int64(i), 0), Result: Good, Took: time.Millisecond, Latency: 100 * time.Millisecond}
		switch letter {
		case 's':
			in.Took = time.Second
		case 'w':
			in.Warning = "it ends soon"
		case 'b':
			in.Result, in.Why = Bad, "refused"
		case 'u':
			in.Result, in.Why = Unmeasured, "no engine"
		case 'p':
			in.Result = Paused
		}
		all = append(all, in)
	}
	return all
}

func TestTrack(t *testing.T) {
	for word, want := range map[string]string{
		"g":         "0 unknown→healthy since 0",
		"gggg":      "0 unknown→healthy since 0",
		"bb":        "",
		"bbb":       "2 unknown→down since 0 (refused)",
		"gbgbbgbbg": "0 unknown→healthy since 0",
		"gbbbbb":    "0 unknown→healthy since 0; 3 healthy→down since 1 (refused)",
		"gbbbgbgg":  "0 unknown→healthy since 0; 3 healthy→down since 1 (refused); 7 down→healthy since 6",
		"gbubub":    "0 unknown→healthy since 0; 5 healthy→down since 1 (refused)",
		"guuug":     "0 unknown→healthy since 0; 3 healthy→unknown since 1 (no engine); 4 unknown→healthy since 4",
		"bbbuuugg":  "2 unknown→down since 0 (refused); 5 down→unknown since 3 (no engine); 6 unknown→down since 6 (it can be measured again); 7 down→healthy since 6",
		"bbbuuub":   "2 unknown→down since 0 (refused); 5 down→unknown since 3 (no engine); 6 unknown→down since 0 (refused)",
		"gbbpbbp":   "0 unknown→healthy since 0",
		"w":         "0 unknown→degraded since 0 (it ends soon)",
		"gwwgww":    "0 unknown→healthy since 0",
		"gwwwgg":    "0 unknown→healthy since 0; 3 healthy→degraded since 1 (it ends soon); 5 degraded→healthy since 4",
		"gwwwbbb":   "0 unknown→healthy since 0; 3 healthy→degraded since 1 (it ends soon); 6 degraded→down since 4 (refused)",
		"bbbgw":     "2 unknown→down since 0 (refused); 4 down→degraded since 3 (it ends soon)",
		// One slow answer is not a slow median; three of five are, and the row of three follows.
		"ggsgg":   "0 unknown→healthy since 0",
		"ggsssss": "0 unknown→healthy since 0; 6 healthy→degraded since 4 (the median of the last answers is 1s, and may be 100ms)",
	} {
		track := NewTrack(settings, Unknown)
		var got []string
		for i, in := range inputs(word) {
			if c, changed := track.Add(in); changed {
				text := fmt.Sprintf("%d %s→%s since %d", i, c.From, c.To, c.Since.Unix())
				if c.Why != "" {
					text += " (" + c.Why + ")"
				}
				got = append(got, text)
			}
		}
		if text := strings.Join(got, "; "); text != want {
			t.Errorf("%s:\n%s\nwant\n%s", word, text, want)
		}
	}
}

// A verdict that was kept is not announced again, and a failure that was kept still ends.
func TestKeptVerdict(t *testing.T) {
	track := NewTrack(settings, Down)
	for _, in := range inputs("bbbb") {
		if c, changed := track.Add(in); changed {
			t.Errorf("%+v", c)
		}
	}
	track.Add(inputs("g")[0])
	if c, changed := track.Add(inputs("g")[0]); !changed || c.From != Down || c.To != Healthy {
		t.Errorf("%+v, %v", c, changed)
	}
}

func TestDoubtful(t *testing.T) {
	track := NewTrack(settings, Healthy)
	for i, want := range []bool{false, false, true, false, false} {
		if got := track.Doubtful(); got != want {
			t.Errorf("before result %d: %v", i, got)
		}
		track.Add(inputs("b")[0])
	}
}

// The properties hold for every row of results and all settings.
func TestTrackProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := Settings{DownAfter: rapid.IntRange(1, 5).Draw(t, "down"), UpAfter: rapid.IntRange(1, 5).Draw(t, "up")}
		word := rapid.StringOfN(rapid.RuneFrom([]rune("ggggswbbbup")), 0, 60, -1).Draw(t, "results")
		track, last := NewTrack(s, Unknown), Unknown
		bad, answers := 0, 0 // in a row; what was not measured does not count
		for i, in := range inputs(word) {
			doubtful, was := track.Doubtful(), track.Verdict()
			c, changed := track.Add(in)
			switch in.Result {
			case Paused:
				bad, answers = 0, 0
			case Bad:
				bad, answers = bad+1, 0
			case Good:
				bad, answers = 0, answers+1
			}
			switch {
			case changed && c.From != last, changed && c.From == c.To, !changed && track.Verdict() != was:
				t.Fatalf("%d of %s: %+v after %s", i, word, c, last)
			case changed && c.To == Down && c.From != Unknown && (in.Result != Bad || bad < s.DownAfter || !doubtful):
				t.Fatalf("%d of %s: down after %d bad results, doubtful: %v", i, word, bad, doubtful)
			case changed && c.From == Down && (c.To == Healthy || c.To == Degraded) && answers < s.UpAfter:
				t.Fatalf("%d of %s: up after %d answers", i, word, answers)
			case bad >= s.DownAfter && in.Result == Bad && track.Verdict() != Down:
				t.Fatalf("%d of %s: %s after %d bad results", i, word, track.Verdict(), bad)
			case in.Result == Paused && changed, in.Result == Unmeasured && changed && c.To != Unknown:
				t.Fatalf("%d of %s: %+v", i, word, c)
			case changed && c.Since.After(in.At), changed && c.To != Healthy && c.Why == "":
				t.Fatalf("%d of %s: %+v", i, word, c)
			}
			last = track.Verdict()
		}
	})
}

// With a result every ten seconds, what fails is down after thirty seconds: the first bad result is at 0 s.
func TestTrackInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began, track := time.Now(), NewTrack(settings, Healthy)
		for ticker := time.NewTicker(10 * time.Second); ; <-ticker.C {
			if c, changed := track.Add(Input{At: time.Now(), Result: Bad, Why: "refused"}); changed {
				if c.To != Down || time.Since(began) != 20*time.Second || !c.Since.Equal(began) {
					t.Errorf("%+v after %s", c, time.Since(began))
				}
				return
			}
		}
	})
}
