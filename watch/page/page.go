// Package page shows people and programs what a watch knows: a page that is live, a JSON API, an Atom feed, a badge and
// metrics.
//
// The page needs no third party and no JavaScript; a small script of its own keeps it live. Everything that a check, a
// container or an operator wrote is text. The package only reads: what it is asked for never delays a check.
package page

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"net/http"
	"path"
	"strings"

	"bluegate/watch"
)

// Options say who may see what.
type Options struct {
	// Token is what a reader must give, as a bearer token or as the password of basic authentication. Empty: none.
	Token string
	// Public shows no names of containers and hosts, no images, and no evidence that may contain them.
	Public bool
	// Local says that the address is a loopback address: without a token, requests for other names are refused, so that no
	// web page of others can read this one through the reader's browser.
	Local bool
	// Version is that of the program.
	Version string
}

// Page answers the requests for one watch.
type Page struct {
	reader  watch.Reader
	options Options
	hub     *hub
	series  *series
	cache   cache
	assets  map[string]asset // by path, such as assets/page-1a2b3c4d.css
	links   map[string]string
	html    *template.Template
}

//go:embed assets
var files embed.FS

type asset struct {
	kind string
	text []byte
}

// New makes the page of a watch. It follows the watch until ctx ends.
func New(ctx context.Context, reader watch.Reader, o Options) *Page {
	if o.Public {
		reader = public{reader}
	}
	p := &Page{reader: reader, options: o, hub: newHub(), series: newSeries(reader), assets: map[string]asset{}, links: map[string]string{}}
	p.addAsset("page", "page.css", "text/css; charset=utf-8")
	p.addAsset("script", "page.js", "text/javascript; charset=utf-8")
	p.addAsset("icon", "icon.svg", "image/svg+xml")
	p.html = template.Must(template.New("").Funcs(functions).ParseFS(files, "assets/*.html"))
	changed := reader.Subscribe(ctx)
	go func() {
		p.warm(ctx, 0)
		p.hub.follow(ctx, changed, func(version int64) { p.warm(ctx, version) })
	}()
	return p
}

// addAsset gives a file a path with its digest, so that it can be kept for ever.
func (p *Page) addAsset(link, name, kind string) {
	text, err := files.ReadFile("assets/" + name)
	if err != nil {
		panic(err) // it is embedded
	}
	sum := sha256.Sum256(text)
	end := path.Ext(name)
	to := "assets/" + strings.TrimSuffix(name, end) + "-" + hex.EncodeToString(sum[:4]) + end
	p.assets[to], p.links[link] = asset{kind, text}, to
}

// Handler answers every request.
func (p *Page) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", p.index)
	mux.HandleFunc("GET /check/{file}", p.check)
	mux.HandleFunc("GET /assets/{file}", p.asset)
	mux.HandleFunc("GET /events", p.events)
	mux.HandleFunc("GET /feed.atom", p.feed)
	mux.HandleFunc("GET /badge.svg", p.badge)
	mux.HandleFunc("GET /export.tar", p.export)
	mux.Handle("GET /metrics", p.metrics())
	p.api(mux)
	guarded := p.guard(mux)
	open := http.NewServeMux()
	open.Handle("/", guarded)
	open.HandleFunc("GET /healthz", p.healthz)
	return limited(open)
}

// healthz answers while this process can. It tells nothing of the application, so it needs no token.
func (p *Page) healthz(w http.ResponseWriter, _ *http.Request) {
	p.reader.State()
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write([]byte("ok\n"))
}

func (p *Page) asset(w http.ResponseWriter, r *http.Request) {
	a, known := p.assets["assets/"+r.PathValue("file")]
	if !known {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", a.kind)
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	_, _ = w.Write(a.text)
}
