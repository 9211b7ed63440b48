package page

import (
	"crypto/subtle"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"
)

// policy allows what this package serves, and nothing else.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'"

// writeLimit ends an answer whose reader does not take it.
const writeLimit = 30 * time.Second

// CheckListen says whether an address may be listened on: a loopback address always, any other one only with a token or
// for a public page. local says that it is a loopback address.
func CheckListen(address string, o Options) (local bool, err error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false, fmt.Errorf("the address %q of the page is not host:port", address)
	}
	ip := net.ParseIP(host)
	local = host == "localhost" || ip != nil && ip.IsLoopback()
	if !local && o.Token == "" && !o.Public {
		return false, fmt.Errorf("the address %s can be reached from other machines: set a token in BLUEGATE_WATCH_TOKEN, or use --read-only-public, which shows no names of containers", address)
	}
	return local, nil
}

// guard lets in who may read, and says to browsers what the answers may do.
func (p *Page) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy+"; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		switch {
		case p.options.Token != "" && !p.mayRead(r):
			h.Set("WWW-Authenticate", `Basic realm="bluegate", charset="UTF-8"`)
			http.Error(w, "a token is needed: as a bearer token, or as the password of any user", http.StatusUnauthorized)
		case p.options.Token == "" && !p.options.Public && p.options.Local && !isLocalName(r.Host):
			http.Error(w, fmt.Sprintf("this page is only for this machine: it does not answer for %q. To show it under another name, set a token in BLUEGATE_WATCH_TOKEN, or use --read-only-public.", r.Host), http.StatusMisdirectedRequest)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

func (p *Page) mayRead(r *http.Request) bool {
	given, isBearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !isBearer {
		_, given, _ = r.BasicAuth()
	}
	return subtle.ConstantTimeCompare([]byte(given), []byte(p.options.Token)) == 1
}

// isLocalName says whether a request was made for this machine by a name that no other site can have.
func isLocalName(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.Trim(host, "[]")
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// limited ends an answer whose reader does not take it.
func limited(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(writeLimit))
		next.ServeHTTP(w, r)
	})
}
