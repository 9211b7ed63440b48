package page

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"time"
)

// File is one of the static files of a page.
type File struct {
	Name string // with slashes
	Text []byte
}

// Static makes the page as files for any web server: the pages, what they need, the feed, the badge and the state.
func (p *Page) Static(ctx context.Context) ([]File, error) {
	index, err := p.renderIndex(ctx, true)
	if err != nil {
		return nil, err
	}
	all := []File{{"index.html", index}}
	for _, c := range p.reader.State().Checks {
		text, err := p.renderCheck(ctx, c, true)
		if err != nil {
			return nil, err
		}
		all = append(all, File{"check/" + checkFile(c.Name), text})
	}
	for name, a := range p.assets {
		all = append(all, File{name, a.text})
	}
	feed, err := p.renderFeed(ctx)
	if err != nil {
		return nil, err
	}
	badge, err := p.renderBadge(ctx, "")
	if err != nil {
		return nil, err
	}
	notes, err := p.reader.Notes(ctx, time.Now().Add(-noteCounts), time.Now().Add(time.Minute))
	if err != nil {
		return nil, err
	}
	state, err := json.MarshalIndent(apiState(p.reader.State(), notes, time.Now()), "", "  ")
	return append(all, File{"feed.atom", feed}, File{"badge.svg", badge}, File{"api/v1/state.json", state}, File{"api/v1/schema.json", []byte(Schema)}), err
}

// export answers with the static files as a tar archive. `bluegate page --output` unpacks it.
func (p *Page) export(w http.ResponseWriter, r *http.Request) {
	p.serve(w, r, "export", "application/x-tar", func() ([]byte, error) {
		all, err := p.Static(context.WithoutCancel(r.Context()))
		if err != nil {
			return nil, err
		}
		return archive(all)
	})
}

func archive(all []File) ([]byte, error) {
	var out bytes.Buffer
	t := tar.NewWriter(&out)
	for _, f := range all {
		if err := t.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: f.Name, Mode: 0o644, Size: int64(len(f.Text)), ModTime: time.Now()}); err != nil {
			return nil, err
		}
		if _, err := t.Write(f.Text); err != nil {
			return nil, err
		}
	}
	err := t.Close()
	return out.Bytes(), err
}
