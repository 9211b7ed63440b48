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
	s := &Stack{engine: b.Engine}
	ref := func(n string) string { return b.ID + ":" + n }
	gone, used, moved, shared, named, nameless := b.Image(ref("gone")), b.Image(ref("used")), b.Image(ref("moved")), b.Image(ref("shared")), b.Image(ref("named")), b.Image(ref("nameless"))
	b.Create(container.Config{Image: used, Cmd: []string{"none"}}, container.HostConfig{})
	b.Image(ref("moved")) // its name is another's by now
	if err := b.Engine.ImageTag(t.Context(), shared, ref("also")); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Engine.ImageRemove(t.Context(), ref("shared"), image.RemoveOptions{}); err != nil {
		t.Fatal(err)
	}
	b.Image(ref("nameless"))
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
		if (b.ImageID(id) != "") != there {
			t.Errorf("image %s is there: %t", id, !there)
		}
	}
}
