package wire

import (
	"context"

	"bluegate/deploy/model"
	"bluegate/deploy/redact"
)

// maskedHistory hides secrets in what is remembered: every client of the engine can read it.
type maskedHistory struct {
	model.HistoryStore
	mask *redact.Redactor
}

// Remember implements model.HistoryStore. The application's services are names, and others' too, so they stay.
func (m maskedHistory) Remember(ctx context.Context, project string, rec model.HistoryRecord) error {
	app := rec.Application
	rec.Application = nil
	m.mask.Apply(&rec)
	rec.Application = app
	return m.HistoryStore.Remember(ctx, project, rec)
}
