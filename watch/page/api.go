package page

import (
	"cmp"
	_ "embed"
	"encoding/json"
	"net/http"
	"time"

	"bluegate/watch"
)

// Schema is the JSON schema of the API's answers.
//
//go:embed api.schema.json
var Schema string

// api adds the answers for programs. They are as many as the page needs, and described by Schema.
func (p *Page) api(mux *http.ServeMux) {
	mux.HandleFunc("GET /api/v1/schema.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/schema+json")
		_, _ = w.Write([]byte(Schema))
	})
	mux.HandleFunc("GET /api/v1/state", func(w http.ResponseWriter, r *http.Request) {
		notes, err := p.reader.Notes(r.Context(), time.Now().Add(-noteCounts), time.Now().Add(time.Minute))
		answer(w, apiState(p.reader.State(), notes, time.Now()), err)
	})
	mux.HandleFunc("GET /api/v1/samples", ranged(func(r *http.Request, from, to time.Time) (any, error) {
		resolution, err := time.ParseDuration(cmp.Or(r.FormValue("resolution"), "0s"))
		if err != nil || resolution < 0 {
			return nil, badRequest("resolution must be a duration such as 30m")
		}
		if !p.hasCheck(r.FormValue("check")) {
			return nil, badRequest("check must be the name of a check; /api/v1/state lists them")
		}
		// A longer answer would be nothing that anybody reads.
		if resolution < to.Sub(from)/5000 {
			resolution = to.Sub(from) / 5000
		}
		all, err := p.reader.Samples(r.Context(), r.FormValue("check"), from, to, resolution)
		return apiList(all, apiBucket), err
	}))
	mux.HandleFunc("GET /api/v1/changes", ranged(func(r *http.Request, from, to time.Time) (any, error) {
		all, err := p.reader.Changes(r.Context(), from, to)
		return apiList(all, func(c watch.Change) watch.Change { return c }), err
	}))
	mux.HandleFunc("GET /api/v1/incidents", ranged(func(r *http.Request, from, to time.Time) (any, error) {
		all, err := p.reader.Changes(r.Context(), from, to)
		return apiList(watch.Incidents(all), func(i watch.Incident) incidentJSON { return incidentJSON{i, seconds(i.Lasted(time.Now()))} }), err
	}))
	mux.HandleFunc("GET /api/v1/deployments", ranged(func(r *http.Request, from, to time.Time) (any, error) {
		all, err := p.reader.Deployments(r.Context(), from, to)
		return apiList(all, apiDeployment), err
	}))
	mux.HandleFunc("GET /api/v1/notes", ranged(func(r *http.Request, from, to time.Time) (any, error) {
		all, err := p.reader.Notes(r.Context(), from, to)
		return apiList(all, func(n watch.Note) watch.Note { return n }), err
	}))
}

func (p *Page) hasCheck(name string) bool {
	for _, c := range p.reader.State().Checks {
		if c.Name == name {
			return true
		}
	}
	return false
}

// badRequest is a mistake of who asks.
type badRequest string

func (b badRequest) Error() string { return string(b) }

// ranged reads from and to, which are the last day if they are not given.
func ranged(ask func(r *http.Request, from, to time.Time) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		to := time.Now().Add(time.Minute)
		from := to.Add(-day)
		for name, t := range map[string]*time.Time{"from": &from, "to": &to} {
			text := r.FormValue(name)
			if text == "" {
				continue
			}
			var err error
			if *t, err = time.Parse(time.RFC3339, text); err != nil {
				answer(w, nil, badRequest(name+" must be a time such as 2026-11-28T14:00:00Z"))
				return
			}
		}
		all, err := ask(r, from, to)
		answer(w, all, err)
	}
}

func answer(w http.ResponseWriter, value any, err error) {
	status := http.StatusOK
	if err != nil {
		status, value = http.StatusServiceUnavailable, map[string]string{"error": "the history cannot be read now: " + err.Error()}
		if bad, mistake := err.(badRequest); mistake {
			status, value = http.StatusBadRequest, map[string]string{"error": bad.Error()}
		}
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(value)
}
