package e2e

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"bluegate/deploy/model"
	"bluegate/deploy/report"
	"bluegate/testdata/sample"
	"bluegate/testdata/shop/load"
	"bluegate/testdata/stand"
)

// 100 open streams and 20 requests of 10 s are in flight at the switch. All of them end as they should, on the colour
// that they began with, which is stopped after the last of them.
func TestStreamsAndLongRequestsOutliveTheSwitch(t *testing.T) {
	t.Parallel()
	s := openShop(t, stand.Options{})
	var stops []func() load.Record
	for range 3 {
		stops = append(stops, s.load(load.Options{Kinds: []load.Kind{load.Stream}, Workers: 42, Stream: 10 * time.Second, Timeout: time.Minute}))
	}
	stops = append(stops, s.load(load.Options{Kinds: []load.Kind{load.Long}, Workers: 28, Long: 10 * time.Second, Timeout: time.Minute}))
	ended := s.lastLeaving()
	r := s.deploys(0, model.Promoted, []string{"VERSION=v2"})
	last := ended()
	inFlight := map[load.Kind]int{}
	for _, stop := range stops {
		record := stop()
		for kind := range record.Counts {
			nothingLost(t, record, kind)
		}
		for _, request := range record.Requests {
			if at := r.Report.Switch.At; request.Start.Before(at) && request.End.After(at) && request.Colour == "blue" {
				inFlight[request.Kind]++
			}
		}
	}
	t.Logf("in flight at the switch: %v; drained in %d ms", inFlight, drainOf(r).MS)
	if inFlight[load.Stream] < 100 || inFlight[load.Long] < 20 {
		t.Errorf("in flight at the switch were %v, want 100 streams and 20 long requests: this proves too little", inFlight)
	}
	s.stoppedAfter("blue", last)
}

func drainOf(r stand.Result) report.Step {
	drain, _ := step(r, "drain")
	return drain
}

// openStream reads an endless answer until it is left. More says whether another line comes.
func (s *shop) openStream() (more func() error, leave func()) {
	s.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	s.t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/stream?for=0s", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	transport := &http.Transport{DisableKeepAlives: true}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { resp.Body.Close() })
	lines := bufio.NewReader(resp.Body)
	// What came while nobody read is read first, so that the last line is one that was sent after the call.
	more = func() error {
		for began := time.Now(); ; {
			if _, err := lines.ReadString('\n'); err != nil {
				return err
			}
			if time.Since(began) > time.Second {
				return nil
			}
		}
	}
	if err := more(); err != nil {
		s.t.Fatal(err)
	}
	return more, cancel
}

// A stream that never ends outlasts the drain: the new colour is live, the old one continues running and serves it, and
// the report names the connection and the command that finishes later.
func TestStreamThatNeverEnds(t *testing.T) {
	sample.Test(t, 7)
	t.Parallel()
	s := openShop(t, stand.Options{Config: quick + "drain: {timeout: 12s}\n"})
	more, leave := s.openStream()
	r := s.deploys(5, model.NeedsPerson, []string{"VERSION=v2"})
	if r.Report.Live != model.Green || r.Report.Run != "bluegate settle" {
		t.Errorf("live is %q, and the command to run %q", r.Report.Live, r.Report.Run)
	}
	if !strings.Contains(stillOpen(r), "1 connection to "+s.Name+"-was-blue-1") {
		t.Errorf("it does not say what is open: %+v", r.Report.Findings)
	}
	if !strings.Contains(r.Stderr, ": 1 old worker, with 1 connection to ") {
		t.Errorf("the progress does not say what it waits for:\n%s", r.Stderr)
	}
	if err := more(); err != nil {
		t.Errorf("the stream was cut: %v", err)
	}
	for _, service := range []string{"was", "signal"} {
		if name := s.Name + "-" + service + "-blue-1"; !slices.Contains(s.containers(), name) {
			t.Errorf("%s does not run any more", name)
		}
	}

	// As long as it is open, settling goes no further, and the colour that it needs is not deployed.
	if r = s.run(nil, "settle"); r.Code != 5 || !strings.Contains(stillOpen(r), "was-blue-1") {
		t.Errorf("settle while it is open: %d %s\n%+v", r.Code, r.Report.Message, r.Report.Findings)
	}
	r = s.deploys(3, model.Refused, []string{"VERSION=v1"})
	if reason := r.Report.Reasons[0]; reason.Code != model.StillDraining {
		t.Errorf("the reason is %s", reason)
	}
	if err := more(); err != nil {
		t.Errorf("the stream was cut: %v", err)
	}

	leave()
	if r = s.run(nil, "settle"); r.Code != 0 || r.Report.Outcome != model.Settled {
		t.Fatalf("settle after it ended: %d %s\n%s", r.Code, r.Report.Message, r.Stderr)
	}
	if running := strings.Join(s.containers(), " "); strings.Contains(running, "blue") {
		t.Errorf("the old colour still runs: %s", running)
	}
}

func stillOpen(r stand.Result) string {
	i := slices.IndexFunc(r.Report.Findings, func(f model.Finding) bool { return f.Code == "still-open" })
	if i < 0 {
		return ""
	}
	return r.Report.Findings[i].Message
}

// drain.then: stop is the user's own word that what is open after the limit may be cut.
func TestStreamIsCutWhereTheUserSaysSo(t *testing.T) {
	sample.Test(t, 7)
	t.Parallel()
	s := openShop(t, stand.Options{Config: quick + "drain: {timeout: 3s, then: stop}\n"})
	more, _ := s.openStream()
	r := s.deploys(0, model.Promoted, []string{"VERSION=v2"})
	if !slices.ContainsFunc(r.Report.Findings, func(f model.Finding) bool { return f.Code == "cut" }) || stillOpen(r) == "" {
		t.Errorf("the report does not say what was cut: %+v", r.Report.Findings)
	}
	if err := more(); err == nil || err == io.EOF {
		t.Errorf("the stream ended with %v, though its app was stopped", err)
	}
	if running := strings.Join(s.containers(), " "); strings.Contains(running, "blue") {
		t.Errorf("the old colour still runs: %s", running)
	}
}
