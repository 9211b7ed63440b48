package wire

import (
	"context"
	"strings"
	"testing"

	"bluegate/deploy/model"
	"bluegate/deploy/redact"
)

type lastRemembered struct{ model.HistoryRecord }

func (l *lastRemembered) Remember(_ context.Context, _ string, rec model.HistoryRecord) error {
	l.HistoryRecord = rec
	return nil
}

func (l *lastRemembered) History(context.Context, string) ([]model.HistoryRecord, error) {
	return nil, nil
}

// No secret gets onto the engine by the history.
func TestHistoryIsMasked(t *testing.T) {
	mask := &redact.Redactor{}
	mask.Learn("DB_PASSWORD", "hunter2-x")
	var last lastRemembered
	err := maskedHistory{&last, mask}.Remember(t.Context(), "shop", model.HistoryRecord{
		Message: "cannot log in with hunter2-x", Set: []string{"DB_PASSWORD=hunter2-x"}, Reasons: []model.Reason{{Message: "hunter2-x", LastProbe: "hunter2-x"}},
		Images: []model.HistoryImage{{Service: "api", Image: "shop:v1"}}, Application: &model.Identity{Services: []string{"hunter2-x"}},
	})
	got := last.HistoryRecord
	if err != nil || strings.Contains(got.Message+got.Set[0]+got.Reasons[0].Message+got.Reasons[0].LastProbe, "hunter2") || got.Images[0].Image != "shop:v1" || got.Application.Services[0] != "hunter2-x" {
		t.Errorf("%+v, %v", got, err)
	}
}
