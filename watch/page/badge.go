package page

import (
	"bytes"
	"cmp"
	"context"
	"net/http"
	"time"

	"bluegate/watch"
)

// badgeView is a badge: two words with a width each.
type badgeView struct {
	Label, Word             string
	LabelWidth, Width       int
	LabelMiddle, WordMiddle int
	Class                   string
}

// badge is a small image for a README: the project and how it is, or with ?check=NAME one check.
func (p *Page) badge(w http.ResponseWriter, r *http.Request) {
	name := r.FormValue("check")
	if name != "" && !p.hasCheck(name) {
		http.Error(w, "there is no such check", http.StatusNotFound)
		return
	}
	p.serve(w, r, "badge/"+name, "image/svg+xml", func() ([]byte, error) { return p.renderBadge(context.WithoutCancel(r.Context()), name) })
}

func (p *Page) renderBadge(ctx context.Context, check string) ([]byte, error) {
	s := p.reader.State()
	notes, err := p.reader.Notes(ctx, time.Now().Add(-noteCounts), time.Now().Add(time.Minute))
	if err != nil {
		return nil, err
	}
	b := banner(s, notes, time.Now())
	v := badgeView{Label: cmp.Or(s.Project, "status"), Word: string(b.Overall), Class: string(b.Overall)}
	if b.Overall == Well {
		v.Word = "all well"
	}
	for _, c := range s.Checks {
		if check != "" && c.Name == check {
			v.Label, v.Word = checkTitle(c.Name), verdictWord(c.Verdict)
			v.Class = string(map[watch.Verdict]Overall{watch.Healthy: Well, watch.Degraded: Degraded, watch.Down: Outage}[c.Verdict])
		}
	}
	v.LabelWidth = textWidth(v.Label)
	v.Width = v.LabelWidth + textWidth(v.Word)
	v.LabelMiddle, v.WordMiddle = v.LabelWidth/2, (v.LabelWidth+v.Width)/2
	var out bytes.Buffer
	err = p.html.ExecuteTemplate(&out, "badge.html", v)
	return out.Bytes(), err
}

// textWidth is about the width of a text in a font of 11 pixels, with a margin. The image fits the text into it.
func textWidth(text string) int { return 7*len([]rune(text)) + 14 }
