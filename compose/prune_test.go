package compose

import (
	"slices"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"

	"bluegate/deploy/model"
)

func TestPrune(t *testing.T) {
	b := newBench(t)
	s := &Stack{engine: b.engine}
	ref := func(n string) string { return b.id + ":" + n }
	gone, used, moved, shared, named, nameless := b.image(ref("gone")), b.image(ref("used")), b.image(ref("moved")), b.image(ref("shared")), b.image(ref("named")), b.image(ref("nameless"))
	b.create(container.Config{Image: used, Cmd: []string{"none"}}, container.HostConfig{})
	b.image(ref("moved")) // its name is another's by now
	if err := b.engine.ImageTag(t.Context(), shared, ref("also")); err != nil {
		t.Fatal(err)
	}
	if _, err := b.engine.ImageRemove(t.Context(), ref("shared"), image.RemoveOptions{}); err != nil {
		t.Fatal(err)
	}
	b.image(ref("nameless"))
	removed, left, err := s.Prune(t.Context(), []model.PulledImage{
		{Ref: ref("gone"), ID: gone}, {Ref: ref("used"), ID: used}, {Ref: ref("moved"), ID: moved}, {Ref: ref("shared"), ID: shared},
		{ID: named}, {ID: nameless}, {Ref: ref("never"), ID: "sha256:" + strings.Repeat("0", 64)},
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(left) != 1 || left[0].ID != used || !slices.Equal(removed, []string{ref("gone"), ref("moved"), nameless[:19]}) {
		t.Errorf("removed %v, left %v", removed, left)
	}
	for id, there := range map[string]bool{gone: false, used: true, moved: false, shared: true, named: true, nameless: false} {
		if (b.imageID(id) != "") != there {
			t.Errorf("image %s is there: %t", id, !there)
		}
	}
}
