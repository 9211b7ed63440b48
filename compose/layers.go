package compose

import (
	"strings"
	"sync"

	"github.com/docker/compose/v5/pkg/api"

	"bluegate/deploy/model"
)

// layers adds up what Compose says of the layers of the images that are pulled.
type layers struct {
	mu   sync.Mutex
	of   map[string]map[string]layer // by image and layer
	tell func(model.Transfer)
}

// layer is what of a layer has come, in bytes.
type layer struct{ done, total int64 }

// pulledImage is how Compose names what it pulls.
const pulledImage = "Image "

// on takes one message of Compose. Only the download counts: extracting a layer counts its bytes again, from 0.
func (l *layers) on(e api.Resource) {
	image, ofLayer := strings.CutPrefix(e.ParentID, pulledImage)
	if !ofLayer {
		if image, ok := strings.CutPrefix(e.ID, pulledImage); ok && e.ParentID == "" {
			l.tell(l.sum(image, e.Status == api.Done))
		}
		return
	}
	if l.note(image, e) {
		l.tell(l.sum(image, false))
	}
}

// note takes over how far a layer is, and says whether that is news.
func (l *layers) note(image string, e api.Resource) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.of[image] == nil {
		l.of[image] = map[string]layer{}
	}
	was := l.of[image][e.ID]
	now := was
	switch {
	case e.Text == "Downloading" && e.Total > 0:
		now = layer{min(e.Current, e.Total), e.Total}
	case e.Text == "Download complete", e.Text == "Extracting", e.Text == "Pull complete":
		now.done = now.total
	}
	l.of[image][e.ID] = now
	return now != was
}

func (l *layers) sum(image string, ended bool) model.Transfer {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := model.Transfer{Image: image, Ended: ended}
	for _, one := range l.of[image] {
		t.Done, t.Total = t.Done+one.done, t.Total+one.total
	}
	return t
}
