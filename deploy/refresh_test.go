package deploy

import (
	"strings"
	"testing"
	"time"

	"bluegate/deploy/model"
)

// Containers that have another address since nginx was reloaded are said by status, which changes nothing; settle reloads
// nginx, once.
func TestAddressesThatNginxDoesNotKnow(t *testing.T) {
	story(t, "a task was replaced", func(t *testing.T, w *fakeEngine) {
		w.nginx.loadedAt = time.Now().Add(-time.Hour)
		for _, b := range w.boxes {
			b.Moves, b.began = true, time.Now().Add(-time.Minute)
		}
		before := w.nginx.generation
		said := w.process().do((*Deployer).Status)
		if !hasFinding(said.Findings, "address-not-loaded") || w.nginx.generation != before {
			t.Errorf("status: %v, after %d reloads", said.Findings, w.nginx.generation-before)
		}
		settled := w.process().settle()
		ends(t, settled, model.Settled, 0, model.Blue)
		if !strings.Contains(settled.Message, "was reloaded") || w.nginx.generation != before+1 {
			t.Errorf("settle: %q, after %d reloads", settled.Message, w.nginx.generation-before)
		}
		w.nginx.loadedAt = time.Now()
		if again := w.process().settle(); w.nginx.generation != before+1 {
			t.Errorf("settle again: %q, after %d reloads", again.Message, w.nginx.generation-before)
		}
	})
}

func hasFinding(all []model.Finding, code string) bool {
	for _, f := range all {
		if f.Code == code {
			return true
		}
	}
	return false
}
