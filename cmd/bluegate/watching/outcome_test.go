package watching

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bluegate/cmd/bluegate/config"
	"bluegate/deploy/model"
	"bluegate/deploy/redact"
	"bluegate/deploy/report"
	"bluegate/watch"
	"bluegate/watch/history"
)

// The process that deployed tells people how it ended, once, after the report. What does not arrive is left to a watch.
func TestOutcomeIsTold(t *testing.T) {
	var got []watch.Event
	status := http.StatusNoContent
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var e watch.Event
		body, _ := io.ReadAll(r.Body)
		if err := json.Unmarshal(body, &e); err != nil {
			t.Error(err)
		}
		got = append(got, e)
		w.WriteHeader(status)
	}))
	defer server.Close()
	path := filepath.Join(t.TempDir(), "shop.db")
	o := config.Options{Notify: []config.Notify{{URL: server.URL, On: []watch.EventKind{watch.EventRefused, watch.EventNeedsPerson}}, {Finding: &model.Finding{}}}}
	o.Watch.History = path
	var stderr bytes.Buffer
	p := Process{Out: &stderr, Getenv: func(string) string { return "" }, Mask: new(redact.Redactor)}
	ended := func(outcome model.Outcome) *report.Report {
		r := report.NewReport("deploy")
		r.Project, r.Release, r.To, r.Message = "shop", "20261128T042458-eda4", model.Green, "green did not pass"
		r.Reasons = []model.Reason{{Code: model.Unhealthy, Message: "3 of 3 probes failed"}}
		return r.Finish(outcome)
	}
	p.TellOutcome(t.Context(), o, ended(model.Refused))
	p.TellOutcome(t.Context(), o, ended(model.Promoted))    // nobody wants to know
	p.TellOutcome(t.Context(), o, ended(model.Interrupted)) // no kind of event
	if len(got) != 1 || got[0].ID != "20261128T042458-eda4-refused" || got[0].Subject != "green" || got[0].Why != "green did not pass\nunhealthy: 3 of 3 probes failed" || stderr.Len() > 0 {
		t.Fatalf("told %+v, %s", got, &stderr)
	}

	status = http.StatusBadGateway
	p.TellOutcome(t.Context(), o, ended(model.NeedsPerson))
	if text := stderr.String(); !strings.Contains(text, "not told of the outcome: http-") || strings.Contains(text, "try again") {
		t.Errorf("without a watch: %s", text)
	}
	h, err := history.Open(t.Context(), path, history.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	stderr.Reset()
	p.TellOutcome(t.Context(), o, ended(model.NeedsPerson))
	due, err := h.Due(t.Context(), time.Now().Add(time.Hour))
	if err != nil || len(due) != 1 || due[0].Event.ID != "20261128T042458-eda4-needs-a-person" || !strings.Contains(stderr.String(), "; bluegate watch will try again") {
		t.Errorf("left to the watch: %v %v %s", due, err, &stderr)
	}
}

// A receiver that hangs holds the process for a few seconds, after the report was printed, and changes nothing of it.
func TestOutcomeToNobodyWhoAnswers(t *testing.T) {
	hung := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}))
	defer hung.Close()
	o := config.Options{Notify: []config.Notify{{URL: hung.URL, On: []watch.EventKind{watch.EventRefused}}}}
	o.Watch.History = filepath.Join(t.TempDir(), "none.db")
	var stderr bytes.Buffer
	p := Process{Out: &stderr, Getenv: func(string) string { return "" }, Mask: new(redact.Redactor)}
	r := report.NewReport("deploy").Finish(model.Refused)
	r.To = model.Blue
	before := *r
	p.TellOutcome(t.Context(), o, r)
	if r.ExitCode != before.ExitCode || !strings.Contains(stderr.String(), "not told of the outcome") {
		t.Errorf("%+v %s", r, &stderr)
	}
}
