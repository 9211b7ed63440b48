package plan

import (
	"testing"
	"time"

	"bluegate/deploy/model"
)

func TestSourceOfAnImageThatGetsOld(t *testing.T) {
	now := time.Now()
	s := model.Service{PullPolicy: model.PolicyRefresh, RefreshAfter: 24 * time.Hour}
	for age, want := range map[time.Duration]source{time.Hour: fromEngine, 23 * time.Hour: fromEngine, 25 * time.Hour: fromRegistry} {
		if got, _ := sourceOf(s, model.Image{ID: "x", FromPull: true, Tagged: now.Add(-age)}, false, now); got != want {
			t.Errorf("%s old: %d, want %d", age, got, want)
		}
	}
	if got, _ := sourceOf(s, model.Image{}, false, now); got != fromRegistry {
		t.Errorf("absent: %d", got)
	}
	if got, _ := sourceOf(s, model.Image{ID: "x", FromPull: true}, true, now); got != fromEngine {
		t.Errorf("--no-pull: %d", got)
	}
}
