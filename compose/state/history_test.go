package state

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"bluegate/compose/engine"
	"bluegate/deploy/model"
	"bluegate/testdata/enginetest"
)

// releasesOf are the releases of a history, in its order.
func releasesOf(records []model.HistoryRecord) string {
	var ids []string
	for _, rec := range records {
		ids = append(ids, rec.Release)
	}
	return strings.Join(ids, " ")
}

func TestHistoryOnTheEngine(t *testing.T) {
	b := enginetest.NewWaiting(t)
	l := New(b.Engine)
	if records, err := l.History(t.Context(), b.ID); err != nil || len(records) > 0 {
		t.Errorf("before the first: %+v, %v", records, err)
	}
	for i := range 3 {
		if err := l.Remember(t.Context(), b.ID, model.HistoryRecord{Release: fmt.Sprint("r", i), Outcome: model.Refused}); err != nil {
			t.Fatal(err)
		}
	}
	// It does not make a journal, and the journal that comes later leaves it.
	if j, err := l.Read(t.Context(), b.ID); err != nil || j.Current != nil || len(j.Past) > 0 {
		t.Errorf("the journal: %+v, %v", j, err)
	}
	if err := l.Write(t.Context(), b.ID, journalOf("r3")); err != nil {
		t.Fatal(err)
	}
	if records, err := New(b.Engine).History(t.Context(), b.ID); err != nil || releasesOf(records) != "r2 r1 r0" {
		t.Errorf("%q, %v", releasesOf(records), err)
	}

	// One file that was cut off is not read; the next write repairs it. A history that is gone whole begins again.
	v := l.journalVessel(b.ID)
	for _, file := range historyFiles {
		if err := v.Put(t.Context(), []byte(`{"sha256":"`), file); err != nil {
			t.Fatal(err)
		}
		if file == historyFiles[0] {
			if err := l.Remember(t.Context(), b.ID, model.HistoryRecord{Release: "r3"}); err != nil {
				t.Fatal(err)
			}
			if err := v.Put(t.Context(), []byte(`{}`), historyFiles[0]); err != nil {
				t.Fatal(err)
			}
			if records, err := l.History(t.Context(), b.ID); err != nil || releasesOf(records) != "r3 r2 r1 r0" {
				t.Errorf("%q, %v", releasesOf(records), err)
			}
		}
	}
	if records, err := l.History(t.Context(), b.ID); err == nil || !strings.Contains(err.Error(), v.Name) {
		t.Errorf("a history that is damaged: %q, %v", releasesOf(records), err)
	}
	if err := l.Remember(t.Context(), b.ID, model.HistoryRecord{Release: "s"}); err != nil {
		t.Fatal(err)
	}
	if records, err := l.History(t.Context(), b.ID); err != nil || releasesOf(records) != "s" {
		t.Errorf("%q, %v", releasesOf(records), err)
	}
}

// The container of an older version is replaced, and the history moves.
func TestHistoryMovesWithTheJournal(t *testing.T) {
	b := enginetest.NewWaiting(t)
	old := *b.Engine
	old.Waiter = nil
	l := New(&old)
	if err := l.Write(t.Context(), b.ID, journalOf("r1")); err != nil {
		t.Fatal(err)
	}
	if err := l.Remember(t.Context(), b.ID, model.HistoryRecord{Release: "r1"}); err != nil {
		t.Fatal(err)
	}
	now := New(b.Engine)
	if err := now.Write(t.Context(), b.ID, journalOf("r2")); err != nil {
		t.Fatal(err)
	}
	if image := b.Inspect("bluegate-journal-" + b.ID).Config.Image; image == engine.EmptyImage {
		t.Error("the container was not replaced")
	}
	if records, err := now.History(t.Context(), b.ID); err != nil || releasesOf(records) != "r1" {
		t.Errorf("%q, %v", releasesOf(records), err)
	}
}

// The history does not grow without end.
func TestHistoryIsBounded(t *testing.T) {
	records := make([]model.HistoryRecord, model.HistoryLength+5)
	for i := range records {
		records[i].Release = fmt.Sprint(i)
	}
	text, err := sealHistory(records)
	if err != nil {
		t.Fatal(err)
	}
	got, err := openHistory(text)
	if err != nil || len(got) != model.HistoryLength || got[0].Release != "0" {
		t.Errorf("%d records, %v", len(got), err)
	}
	if _, err := openHistory(bytes.Replace(text, []byte(`"release":"0"`), []byte(`"release":"1"`), 1)); err == nil {
		t.Error("an altered history was read")
	}
}
