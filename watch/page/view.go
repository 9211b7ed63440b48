package page

import (
	"bytes"
	"cmp"
	"context"
	"net/http"
	"slices"
	"time"

	"bluegate/watch"
)

// view is what the templates show.
type view struct {
	Title       string
	Banner      Banner
	State       watch.State
	Standing    []watch.Note // warnings and outages that are part of the banner
	Colours     []watch.ColourState
	Checks      []checkView
	Deployments []watch.Deployment // the newest first
	Incidents   []incidentView     // the newest first
	Notes       []watch.Note       // the newest first
	Public      bool
	Static      bool   // written to a file: nothing is live
	Root        string // from this page to the first one
	Links       map[string]string
	Now         time.Time
	Version     string
}

type checkView struct {
	watch.CheckState
	Title  string
	File   string
	Chart  Chart
	Charts []Chart // on its own page
}

type incidentView struct {
	watch.Incident
	Title  string
	Lasts  bool
	Lasted time.Duration
}

// What the page shows of the past.
const (
	pastIncidents   = 30 * day
	mostDeployments = 15
	mostIncidents   = 15
	mostNotes       = 15
)

// ever is before everything that a history has.
var ever = time.Unix(0, 0).UTC()

func (p *Page) view(ctx context.Context, static bool) (view, error) {
	now := time.Now()
	v := view{State: p.reader.State(), Public: p.options.Public, Static: static, Root: ".", Links: p.links, Now: now, Version: p.options.Version}
	v.Title = v.State.Project
	if v.Title == "" {
		v.Title = "bluegate"
	}
	v.Colours = v.State.Colours
	v.State.Checks = liveFirst(v.State.Checks)
	until := now.Add(time.Minute) // the clocks of other machines that write notes
	notes, err := p.reader.Notes(ctx, ever, until)
	if err != nil {
		return v, err
	}
	v.Banner = banner(v.State, notes, now)
	outages, warnings := standing(notes, now)
	v.Standing = append(outages, warnings...)
	v.Notes = newest(notes, mostNotes)
	deployments, err := p.reader.Deployments(ctx, ever, until)
	if err != nil {
		return v, err
	}
	v.Deployments = newest(deployments, mostDeployments)
	if v.Incidents, err = p.incidents(ctx, now); err != nil {
		return v, err
	}
	for _, c := range v.State.Checks {
		cells, err := p.series.cells(ctx, c.Name, 0, now)
		if err != nil {
			return v, err
		}
		v.Checks = append(v.Checks, checkView{CheckState: c, Title: checkTitle(c.Name), File: checkFile(c.Name), Chart: chart(spans[0], cells)})
	}
	return v, nil
}

func (p *Page) incidents(ctx context.Context, now time.Time) ([]incidentView, error) {
	changes, err := p.reader.Changes(ctx, now.Add(-pastIncidents), now.Add(time.Minute))
	if err != nil {
		return nil, err
	}
	var all []incidentView
	for _, i := range newest(watch.Incidents(changes), mostIncidents) {
		all = append(all, incidentView{i, checkTitle(i.Subject), i.Ended.IsZero(), i.Lasted(now)})
	}
	return all, nil
}

// liveFirst puts what users are served before everything else, and keeps the order of the others.
func liveFirst(checks []watch.CheckState) []watch.CheckState {
	checks = slices.Clone(checks)
	slices.SortStableFunc(checks, func(a, b watch.CheckState) int {
		return cmp.Compare(one(b.Name == watch.Live), one(a.Name == watch.Live))
	})
	return checks
}

// newest returns the last n, the last first.
func newest[T any](all []T, n int) []T {
	all = slices.Clone(all[max(0, len(all)-n):])
	slices.Reverse(all)
	return all
}

// index is the first page.
func (p *Page) index(w http.ResponseWriter, r *http.Request) {
	p.serve(w, r, "index", "text/html; charset=utf-8", func() ([]byte, error) { return p.renderIndex(context.WithoutCancel(r.Context()), false) })
}

func (p *Page) renderIndex(ctx context.Context, static bool) ([]byte, error) {
	v, err := p.view(ctx, static)
	if err != nil {
		return nil, err
	}
	return p.render("index.html", v)
}

func (p *Page) render(name string, v view) ([]byte, error) {
	var out bytes.Buffer
	err := p.html.ExecuteTemplate(&out, name, v)
	return out.Bytes(), err
}

// check is the page of one check.
func (p *Page) check(w http.ResponseWriter, r *http.Request) {
	for _, c := range p.reader.State().Checks {
		if checkFile(c.Name) == r.PathValue("file") {
			p.serve(w, r, "check/"+c.Name, "text/html; charset=utf-8", func() ([]byte, error) { return p.renderCheck(context.WithoutCancel(r.Context()), c, false) })
			return
		}
	}
	http.Error(w, "there is no such check", http.StatusNotFound)
}

func (p *Page) renderCheck(ctx context.Context, c watch.CheckState, static bool) ([]byte, error) {
	now := time.Now()
	shown := checkView{CheckState: c, Title: checkTitle(c.Name), File: checkFile(c.Name)}
	for i, s := range spans {
		cells, err := p.series.cells(ctx, c.Name, i, now)
		if err != nil {
			return nil, err
		}
		shown.Charts = append(shown.Charts, chart(s, cells))
	}
	v := view{State: p.reader.State(), Public: p.options.Public, Static: static, Root: "..", Links: p.links, Now: now, Version: p.options.Version, Checks: []checkView{shown}}
	v.Title = shown.Title
	incidents, err := p.incidents(ctx, now)
	if err != nil {
		return nil, err
	}
	for _, i := range incidents {
		if i.Subject == c.Name {
			v.Incidents = append(v.Incidents, i)
		}
	}
	return p.render("check.html", v)
}
