package compose

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"

	"bluegate/deploy/gate"
	"bluegate/deploy/model"
	"bluegate/testdata/enginetest"
)

func TestImages(t *testing.T) {
	b := newBench(t)
	b.Image(b.ID + ":plain")
	s, app := b.stack(map[string]string{"compose.yml": "services:\n" + shopService("was-blue") +
		"  plain-blue: {image: \"" + b.ID + ":plain\"}\n  missing-blue: {image: \"" + b.ID + ":missing\"}\n  nginx-blue: {image: \"bluegate-nginx:1.30\"}\n" + shopService("was-green")})
	images, err := s.Images(t.Context(), app.Models[model.Blue])
	if err != nil || len(images) != 4 {
		t.Fatalf("%+v, %v", images, err)
	}
	of := func(service string) model.Image {
		return images[slices.IndexFunc(images, func(i model.Image) bool { return i.Service == service })]
	}
	want := gate.Probe{Interval: time.Second, Timeout: time.Second, StartPeriod: 20 * time.Second, Retries: 3}
	if i := of("was-blue"); i.Ref != enginetest.ShopImage || i.ID != b.ImageID(enginetest.ShopImage) || i.FromPull != b.Containerd() || i.Probe == nil || *i.Probe != want {
		t.Errorf("%+v with %+v", i, i.Probe)
	}
	if i := of("plain-blue"); i.ID == "" || i.Probe != nil || len(i.Ports) > 0 || i.FromPull != b.Containerd() {
		t.Errorf("%+v", i)
	}
	if i := of("missing-blue"); i.ID != "" || i.FromPull || i.Ref != b.ID+":missing" {
		t.Errorf("%+v", i)
	}
	if i := of("nginx-blue"); !slices.Equal(i.Ports, []int{80}) {
		t.Errorf("%+v", i)
	}
}

func TestPullThatFails(t *testing.T) {
	b := newBench(t)
	s, app := b.stack(map[string]string{"compose.yml": "services:\n  was-blue: {image: \"registry.invalid/" + b.ID + ":1\", pull_policy: missing}\n" + shopService("was-green")})
	if err := s.Pull(t.Context(), app.Models[model.Blue], []string{"was-blue"}, untold); err == nil || !strings.Contains(err.Error(), "registry.invalid") {
		t.Errorf("got %v", err)
	}
}

func TestRemoveImages(t *testing.T) {
	for name, test := range map[string]struct {
		before    bool   // the tag named another image before the release
		also      bool   // the release's image has another name, too
		user      bool   // a container uses it
		moved     bool   // someone has moved the tag since
		unnoted   bool   // it was not recorded which image the pull brought
		untouched bool   // the pull brought nothing new
		lost      bool   // the image that the tag named before is gone
		tag       string // which image the tag names afterwards: old, new, third, ""
		exists    bool   // the release's image is still there
		removed   bool
	}{
		"new":                          {tag: "", exists: false, removed: true},
		"brought by someone else":      {unnoted: true, tag: "new", exists: true},
		"in place of another":          {before: true, tag: "old", exists: false, removed: true},
		"in place, with another name":  {before: true, also: true, tag: "old", exists: true},
		"with another name":            {also: true, tag: "", exists: true, removed: true},
		"used":                         {user: true, tag: "new", exists: true},
		"used, in place of another":    {before: true, user: true, tag: "old", exists: true},
		"moved meanwhile":              {before: true, moved: true, tag: "third", exists: true},
		"in place of one that is gone": {before: true, lost: true, tag: "", exists: false, removed: true},
		"nothing new":                  {before: true, untouched: true, tag: "old", exists: true},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			s := &Stack{engine: b.Engine}
			ref := b.ID + ":tag"
			ids := map[string]string{"": ""}
			brought := model.PulledImage{Ref: ref}
			if test.before {
				ids["old"] = b.Image(ref)
				brought.Before = ids["old"]
			}
			ids["new"] = ids["old"]
			if !test.untouched {
				ids["new"] = b.Image(ref)
			}
			if test.lost {
				if _, err := b.Engine.ImageRemove(t.Context(), ids["old"], image.RemoveOptions{}); err != nil {
					t.Fatal(err)
				}
			}
			if !test.unnoted {
				brought.ID = ids["new"]
			}
			if test.also {
				if err := b.Engine.ImageTag(t.Context(), ref, b.ID+":also"); err != nil {
					t.Fatal(err)
				}
			}
			if test.user {
				b.Create(container.Config{Image: ids["new"]}, container.HostConfig{})
			}
			if test.moved {
				ids["third"] = b.Image(ref)
			}
			if test.before && test.moved {
				t.Cleanup(func() {})
			}
			removed, err := s.RemoveImages(t.Context(), []model.PulledImage{brought})
			if err != nil {
				t.Fatal(err)
			}
			if got := b.ImageID(ref); got != ids[test.tag] {
				t.Errorf("the tag names %q, want the %s one of %v", got, test.tag, ids)
			}
			if got := b.ImageID(ids["new"]) != ""; got != test.exists {
				t.Errorf("the release's image is there: %t", got)
			}
			if got := len(removed) > 0; got != test.removed {
				t.Errorf("said to be removed: %v", removed)
			}
			if test.also && b.ImageID(b.ID+":also") != ids["new"] {
				t.Error("its other name is gone")
			}
			again, err := s.RemoveImages(t.Context(), []model.PulledImage{brought})
			if err != nil || len(again) > 0 {
				t.Errorf("a second time: %v, %v", again, err)
			}
		})
	}
}

func TestRemoveImagesGoesOnAfterAnError(t *testing.T) {
	b := newBench(t)
	first, second := b.ID+":first", b.ID+":second"
	b.Image(first)
	b.Image(second)
	removed, err := (&Stack{engine: b.Engine}).RemoveImages(t.Context(), []model.PulledImage{
		{Ref: first, ID: b.ImageID(first)}, {Ref: "NOT A REFERENCE", ID: "x"}, {Ref: b.ID + ":missing", ID: "x"}, {Ref: second, ID: b.ImageID(second)},
	})
	if err == nil || !strings.Contains(err.Error(), "NOT A REFERENCE") || !slices.Equal(removed, []string{first, second}) {
		t.Errorf("removed %v, %v", removed, err)
	}
}
