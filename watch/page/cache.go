package page

import (
	"bytes"
	"compress/gzip"
	"context"
	"net/http"
	"strings"
	"sync"
	"time"
)

// cacheFor is how long an answer is used if nothing changes: times such as "for 4m" are part of it.
const cacheFor = 10 * time.Second

// cache keeps answers, so that many readers of one version cost one reading.
type cache struct {
	mu  sync.Mutex
	all map[string]*cached
}

type cached struct {
	mu      sync.Mutex
	version int64
	at      time.Time
	asked   time.Time // by a reader, the last time
	text    []byte
	zipped  []byte
}

// mostCached is more than a watch has pages. Names that are asked for and do not exist are not kept.
const mostCached = 500

func (c *cache) entry(key string) *cached {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all == nil || len(c.all) > mostCached {
		c.all = map[string]*cached{}
	}
	e, known := c.all[key]
	if !known {
		e = &cached{version: -1}
		c.all[key] = e
	}
	return e
}

// serve answers with what make makes, which is made once for each version. Those who ask meanwhile wait for it.
func (p *Page) serve(w http.ResponseWriter, r *http.Request, key, kind string, make func() ([]byte, error)) {
	e := p.cache.entry(key)
	e.mu.Lock()
	e.asked = time.Now()
	e.mu.Unlock()
	text, zipped, err := e.fresh(p.hub.version.Load(), make)
	if err != nil {
		http.Error(w, "the history cannot be read now: "+err.Error(), http.StatusServiceUnavailable)
		return
	}
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Cache-Control", "no-cache")
	h.Set("Vary", "Accept-Encoding")
	if zipped != nil && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		text = zipped
	}
	_, _ = w.Write(text)
}

// fresh returns the text of a version, and compressed where that is worth it.
func (e *cached) fresh(version int64, make func() ([]byte, error)) (text, zipped []byte, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.version >= version && time.Since(e.at) <= cacheFor {
		return e.text, e.zipped, nil
	}
	text, err = make()
	if err != nil {
		return nil, nil, err
	}
	e.version, e.at, e.text, e.zipped = version, time.Now(), text, zip(text)
	return e.text, e.zipped, nil
}

// warmFor is how long after the last reader the first page is still made before somebody asks for it.
const warmFor = 10 * time.Minute

// warm makes the first page of a version before its readers are told of it, so that nobody waits for the history. What
// fails is made again for the next reader, who is told why it failed.
func (p *Page) warm(ctx context.Context, version int64) {
	defer func() { _ = recover() }() // as the server does for a request: a page must not end the watch
	e := p.cache.entry("index")
	e.mu.Lock()
	asked := e.asked
	e.mu.Unlock()
	if version > 0 && time.Since(asked) > warmFor {
		return
	}
	_, _, _ = e.fresh(version, func() ([]byte, error) { return p.renderIndex(ctx, false) })
}

// zip compresses a text that is worth it.
func zip(text []byte) []byte {
	if len(text) < 1024 {
		return nil
	}
	var out bytes.Buffer
	z, _ := gzip.NewWriterLevel(&out, gzip.BestSpeed)
	_, _ = z.Write(text)
	_ = z.Close()
	return out.Bytes()
}
