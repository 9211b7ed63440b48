package nginx

import (
	"slices"
	"testing"

	"bluegate/deploy/model"
	"bluegate/nginx/instance"
)

// Of a container that is named and not there it is said what could have been meant.
func TestMissing(t *testing.T) {
	b := newBench(t)
	b.colours()
	b.nginx(box{name: "edge", files: edge("was-blue:3000")})
	b.nginx(box{name: "idle"})
	_, route, err := b.router(instance.Options{Container: b.name("nope"), NamedAt: "bluegate.yml:3"}).Observe(t.Context(), b.directory())
	m := route.Missing
	if err != nil || route.State != model.RouterAbsent || m == nil {
		t.Fatalf("%+v, %v", route, err)
	}
	if m.Name != b.name("nope") || m.Place != "bluegate.yml:3" || !slices.Equal(m.Mentions, []string{b.name("edge")}) || !slices.Contains(m.Candidates, b.name("idle")) || !slices.Contains(m.Candidates, b.name("edge")) {
		t.Errorf("%+v", m)
	}
	if _, route, err := b.router(instance.Options{}).Observe(t.Context(), b.directory()); err != nil || route.Missing != nil {
		t.Errorf("where none is named: %+v, %v", route, err)
	}
}
