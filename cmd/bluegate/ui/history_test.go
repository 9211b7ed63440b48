package ui

import (
	"bytes"
	"testing"
	"time"

	"bluegate/cmd/bluegate/ui/style"
	"bluegate/deploy/model"
	"bluegate/deploy/redact"
)

var at = time.Date(2026, 11, 20, 11, 45, 0, 0, time.UTC)

func pastReleases() []model.HistoryRecord {
	return []model.HistoryRecord{{
		Release: "20261120T114500-7f3a", Command: "deploy", From: model.Blue, To: model.Green, Live: model.Blue, Outcome: model.Refused, ExitCode: 3, By: "kim@runner-7",
		Reasons: []model.Reason{{Code: model.Unhealthy, Service: "api-green", Message: "3 of 3 probes failed", LastProbe: "503"}, {Code: model.Unhealthy, Message: "worker"}},
		Images:  []model.HistoryImage{{Service: "api-green", Image: "app:v5", Digest: "sha256:5"}, {Service: "worker-green", Image: "app:v5"}},
		Set:     []string{"VERSION=v5"}, Began: at, Ended: at.Add(19400 * time.Millisecond), DurationMS: 19400,
	}, {
		Command: "settle", Outcome: model.Unreachable, ExitCode: 7, By: "kim@runner-7", Message: "nginx does not run", Began: at.Add(-50 * time.Hour), Ended: at.Add(-50 * time.Hour),
	}}
}

func TestHistoryText(t *testing.T) {
	got := HistoryText(style.Look{}, "shop", pastReleases(), 5, at.Add(12*time.Minute))
	want := `RELEASE               WHEN        WHAT    OUTCOME             COLOUR  IMAGES  TOOK   BY
20261120T114500-7f3a  11 min ago  deploy  refused: unhealthy  green   app:v5  19.4s  kim@runner-7
-                     2 days ago  settle  unreachable         -       -       0s     kim@runner-7
3 older: --limit 5
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := HistoryText(style.Look{}, "shop", nil, 0, at); got != "shop has no history: nothing was deployed with this version of bluegate on this engine\n" {
		t.Errorf("got %s", got)
	}
}

// A narrow window leaves columns out, and then cuts the lines.
func TestHistoryTextInAWindow(t *testing.T) {
	for width, want := range map[int]string{
		81: `RELEASE               WHEN        WHAT    OUTCOME             COLOUR  IMAGES
20261120T114500-7f3a  11 min ago  deploy  refused: unhealthy  green   app:v5
-                     2 days ago  settle  unreachable         -       -
`,
		40: `RELEASE               OUTCOME
20261120T114500-7f3a  refused: unhealt…
-                     unreachable
`,
	} {
		if got := HistoryText(style.Look{Terminal: true, Colour: true, Width: width}, "shop", pastReleases(), 2, at.Add(12*time.Minute)); got != want {
			t.Errorf("%d columns: got\n%s\nwant\n%s", width, got, want)
		}
	}
}

func TestReleaseText(t *testing.T) {
	got := ReleaseText(pastReleases())
	want := `deploy of release 20261120T114500-7f3a: refused (exit code 3)
  from blue to green; live afterwards: blue
  by kim@runner-7, 2026-11-20T11:45:00Z to 2026-11-20T11:45:19Z (19.4s)
  image: api-green runs app:v5 (sha256:5)
  image: worker-green runs app:v5
  set: VERSION=v5
  unhealthy: api-green: 3 of 3 probes failed
    last probe: 503
  unhealthy: worker

settle of release (none): unreachable (exit code 7)
  from nothing to (not chosen); live afterwards: not known
  by kim@runner-7, 2026-11-18T09:45:00Z to 2026-11-18T09:45:00Z (0s)
  nginx does not run
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// A line of a log has its container's name, no secret, and nothing that a terminal or a CI runner obeys.
func TestLogs(t *testing.T) {
	mask := &redact.Redactor{}
	mask.Learn("DB_PASSWORD", "hunter2-x")
	for json, want := range map[bool]string{
		false: "shop-api-green-1 | | ::set-output name=x::y ****[31m\nshop-db          | # #[error]\n",
		true: `{"time":"2026-11-20T11:45:00Z","colour":"green","service":"api-green","container":"shop-api-green-1","stream":"stdout","text":"| ::set-output name=x::y ****[31m"}
{"time":null,"colour":"","service":"","container":"shop-db","stream":"stderr","text":"# #[error]"}
`} {
		var b bytes.Buffer
		l := &Logs{Out: &b, JSON: json, Mask: mask}
		for _, line := range []struct {
			c model.Container
			l LogLine
		}{
			{model.Container{Name: "shop-api-green-1", Colour: model.Green, Service: "api-green"}, LogLine{at, "stdout", "::set-output name=x::y hunter2-x\x1b[31m"}},
			{model.Container{Name: "shop-db"}, LogLine{time.Time{}, "stderr", "##[error]"}},
		} {
			if err := l.Line(line.c, line.l); err != nil {
				t.Fatal(err)
			}
		}
		if b.String() != want {
			t.Errorf("got\n%s\nwant\n%s", b.String(), want)
		}
	}
}

func TestVersionText(t *testing.T) {
	v := VersionResult{Client: ClientVersions{Version: "1.2.3", Commit: "abc", CommitTime: "2026-11-20T11:45:00Z", Modified: true, Go: "go1.26.0", Compose: "5.5.1", API: "1.51", Platform: "linux/amd64"}}
	v.EngineError = "the engine at unix:///x cannot be asked"
	want := `bluegate 1.2.3
  commit    abc, modified, 2026-11-20T11:45:00Z
  built     go1.26.0, linux/amd64
  Compose   5.5.1
  API       1.51
`
	if got := VersionText(v); got != want+"engine: the engine at unix:///x cannot be asked\n" {
		t.Errorf("got\n%s", got)
	}
	v.Engine = &EngineVersions{Version: "28.2.2", Endpoint: "unix:///x", Platform: "linux/amd64", API: "1.50", MinAPI: "1.24", UsedAPI: "1.50"}
	if got := VersionText(v); got != want+"engine 28.2.2\n  at        unix:///x\n  platform  linux/amd64\n  API       1.50 (at least 1.24), 1.50 is used\n" {
		t.Errorf("got\n%s", got)
	}
}
