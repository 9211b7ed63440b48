package model

import (
	"fmt"
	"slices"
	"strings"
)

// shownImages is how many images a version names.
const shownImages = 3

// Version is what people call a set of images: their tag where all have the same one ("v5"), and the images without
// their registries otherwise ("app:v5, worker:w2"). It is empty without an image. A tag that says nothing (latest, or
// none) is shown with the image's name.
func Version(images []string) string {
	var tags, names []string
	for _, ref := range images {
		name, tag := imageName(ref)
		if !slices.Contains(names, name+":"+tag) {
			names, tags = append(names, name+":"+tag), append(tags, tag)
		}
	}
	slices.Sort(tags)
	switch tags = slices.Compact(tags); {
	case len(tags) == 1 && tags[0] != "latest":
		return tags[0]
	case len(names) > shownImages:
		return fmt.Sprintf("%s and %d more", strings.Join(names[:shownImages-1], ", "), len(names)-shownImages+1)
	}
	return strings.Join(names, ", ")
}

// imageName splits a reference into the last part of its name and its tag. A digest without a tag is shortened as Docker
// shortens an ID.
func imageName(ref string) (name, tag string) {
	ref, digest, _ := strings.Cut(ref, "@")
	if id, ok := strings.CutPrefix(ref, "sha256:"); ok {
		return "sha256", id[:min(12, len(id))]
	}
	name = ref[strings.LastIndex(ref, "/")+1:]
	name, tag, _ = strings.Cut(name, ":")
	switch hex := strings.TrimPrefix(digest, "sha256:"); {
	case tag != "":
		return name, tag
	case hex != "":
		return name, hex[:min(12, len(hex))]
	}
	return name, "latest"
}
