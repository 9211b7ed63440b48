package page

import (
	"bytes"
	"cmp"
	"context"
	"encoding/xml"
	"net/http"
	"slices"
	"time"

	"bluegate/watch"
	"bluegate/watch/notify"
)

// The elements of Atom (RFC 4287) that the feed needs.
type atomFeed struct {
	XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
	ID      string      `xml:"id"`
	Title   string      `xml:"title"`
	Updated string      `xml:"updated"`
	Author  atomAuthor  `xml:"author"`
	Links   []atomLink  `xml:"link"`
	Entries []atomEntry `xml:"entry"`
}

type atomAuthor struct {
	Name string `xml:"name"`
}

type atomLink struct {
	Rel  string `xml:"rel,attr,omitempty"`
	Href string `xml:"href,attr"`
}

type atomEntry struct {
	ID      string   `xml:"id"`
	Title   string   `xml:"title"`
	Updated string   `xml:"updated"`
	Link    atomLink `xml:"link"`
	Content atomText `xml:"content"`

	at time.Time
}

type atomText struct {
	Type string `xml:"type,attr"`
	Text string `xml:",chardata"`
}

const (
	feedPast = 30 * day
	feedMost = 100
)

// feed lists what changed, deployments and notes, the newest first. The ids stay the same for ever.
func (p *Page) feed(w http.ResponseWriter, r *http.Request) {
	p.serve(w, r, "feed", "application/atom+xml; charset=utf-8", func() ([]byte, error) { return p.renderFeed(context.WithoutCancel(r.Context())) })
}

func (p *Page) renderFeed(ctx context.Context) ([]byte, error) {
	s := p.reader.State()
	name := cmp.Or(s.Project, "bluegate")
	id := func(kind, id string) string {
		return "tag:bluegate,2026:" + urlSafe(name) + "/" + kind + "/" + urlSafe(id)
	}
	entries, err := p.entries(ctx, id)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(entries, func(a, b atomEntry) int { return b.at.Compare(a.at) })
	entries = entries[:min(len(entries), feedMost)]
	f := atomFeed{ID: id("feed", "1"), Title: name + ": status", Author: atomAuthor{"bluegate"}, Links: []atomLink{{"self", "feed.atom"}, {"alternate", "./"}}, Entries: entries}
	f.Updated = s.Started.UTC().Format(time.RFC3339)
	if len(entries) > 0 {
		f.Updated = entries[0].Updated
	}
	var out bytes.Buffer
	out.WriteString(xml.Header)
	encoder := xml.NewEncoder(&out)
	encoder.Indent("", " ")
	err = encoder.Encode(f)
	return out.Bytes(), err
}

func (p *Page) entries(ctx context.Context, id func(kind, id string) string) ([]atomEntry, error) {
	now := time.Now()
	from, to := now.Add(-feedPast), now.Add(time.Minute)
	var all []atomEntry
	add := func(id, title, text string, at time.Time) {
		all = append(all, atomEntry{id, title, at.UTC().Format(time.RFC3339), atomLink{Href: "./"}, atomText{"text", text}, at})
	}
	changes, err := p.reader.Changes(ctx, from, to)
	if err != nil {
		return nil, err
	}
	for _, c := range changes {
		if c.From == watch.Unknown && c.To == watch.Healthy || c.To == watch.Unknown {
			continue // a beginning, and what was not measured, are no news
		}
		add(id("change", c.ID), checkTitle(c.Subject)+" is "+string(c.To), c.Why, c.At)
	}
	deployments, err := p.reader.Deployments(ctx, from, to)
	if err != nil {
		return nil, err
	}
	for _, d := range deployments {
		text := capital(d.Command)
		if d.Release != "" {
			text += " of release " + d.Release
		}
		if !d.Began.IsZero() {
			text += ", in " + notify.Span(d.At.Sub(d.Began))
		}
		for _, reason := range d.Reasons {
			text += "\n" + reason
		}
		add(id("deployment", d.ID), capital(string(d.To))+" "+outcomeWord(d), text, d.At)
	}
	notes, err := p.reader.Notes(ctx, from, to)
	for _, n := range notes {
		add(id("note", n.ID), capital(string(n.Kind))+aboutWhat(n), n.Text, n.At)
	}
	return all, err
}

func aboutWhat(n watch.Note) string {
	if n.About == "" {
		return ""
	}
	return " about " + n.About
}

// urlSafe keeps what a tag URI may contain.
func urlSafe(text string) string {
	out := []byte(text)
	for i, c := range out {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.' || c == '_') {
			out[i] = '-'
		}
	}
	return string(out)
}
