package mode

import (
	"fmt"
	"regexp"
	"strings"

	"bluegate/deploy/model"
)

// Testers says by what nginx tells people who look at a release before users get it: a secret in a header or a cookie. The
// zero value: there are none.
type Testers struct {
	Header string // its name, as X-Preview
	Cookie string // its name
	Secret string
}

// Any says whether there are testers.
func (t Testers) Any() bool { return t.Secret != "" }

// Previewer is a Mode that can let testers have the new colour while users stay on the old one.
type Previewer interface {
	// Testers is the change from what is there now to a configuration in which testers get the new colour; nil where none is
	// configured. A *RefusedError names what in the configuration would give a tester the live colour.
	Testers(c Configuration, route model.Route, change model.Change) (*model.Change, error)
}

const (
	// testerVariable is the suffix of an upstream where the request is a tester's, and empty elsewhere.
	testerVariable = "$bluegate_tester"
	// testerCookieVariable is the same by the cookie alone.
	testerCookieVariable = "$bluegate_tester_cookie"
	// drawnVariable is the side of a request that is not a tester's, in a canary.
	drawnVariable = "$bluegate_drawn"
)

// SecretLength is how long the secret of testers is at least: it is all that keeps users out.
const SecretLength = 16

var (
	headerName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]*$`)
	cookieName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*$`)
	// secretText means the same in a header, in a cookie, in a regular expression and in a word of nginx's.
	secretText = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)
)

// taken are headers whose value is not a tester's to choose.
var taken = map[string]bool{"host": true, "cookie": true, "connection": true, "content-length": true, "content-type": true, "transfer-encoding": true, "upgrade": true, "user-agent": true}

// Check says what of it cannot be written. The key is that of bluegate.yml, and the text never has the secret in it.
func (t Testers) Check() (key, wrong string) {
	switch named := t.Header != "" || t.Cookie != ""; {
	case !named && !t.Any():
		return "", ""
	case !named:
		return "secret", "neither preview.header nor preview.cookie is set; without one of them nothing carries the secret"
	case !t.Any():
		return "secret", "is needed with preview.header and preview.cookie: it is all that keeps users out of a release; write secret: ${PREVIEW_SECRET}, and set that in the environment"
	case len(t.Secret) < SecretLength:
		return "secret", fmt.Sprintf("has %d characters, and needs at least %d; make one with `openssl rand -hex 16`", len(t.Secret), SecretLength)
	case !secretText.MatchString(t.Secret):
		return "secret", "may hold letters, digits, _ and - only, which mean the same in a header, a cookie and nginx's configuration; make one with `openssl rand -hex 16`"
	case t.Header != "" && (!headerName.MatchString(t.Header) || taken[strings.ToLower(t.Header)]):
		return "header", fmt.Sprintf("%q is not a name for a header of one's own, such as X-Preview: letters, digits and -, beginning with a letter; nginx drops a header with _ in its name", t.Header)
	case t.Cookie != "" && (!cookieName.MatchString(t.Cookie) || strings.EqualFold(t.Cookie, sideCookie)):
		return "cookie", fmt.Sprintf("%q is not a name for a cookie of one's own, such as preview: letters, digits and _, beginning with a letter, and not %s", t.Cookie, sideCookie)
	}
	return "", ""
}

// render writes who is a tester, and that testers go to the other side. All others go to rest.
func (t Testers) render(b *strings.Builder, rest string) {
	t.renderWho(b)
	fmt.Fprintf(b, "map %s %s {\n    \"\" %s;\n    default %s;\n}\n", testerVariable, Side, rest, sideSuffix)
}

// renderWho writes who is a tester: by the header first, then by the cookie. A regular expression compares exactly, and plain
// words of a map without regard to case.
func (t Testers) renderWho(b *strings.Builder) {
	before := `""`
	say := func(source, variable string) {
		fmt.Fprintf(b, "map %s %s {\n    \"~^%s$\" %s;\n    default %s;\n}\n", source, variable, t.Secret, sideSuffix, before)
		before = variable
	}
	if t.Cookie != "" {
		variable := testerCookieVariable
		if t.Header == "" {
			variable = testerVariable
		}
		say("$cookie_"+t.Cookie, variable)
	}
	if t.Header != "" {
		say("$http_"+strings.ToLower(strings.ReplaceAll(t.Header, "-", "_")), testerVariable)
	}
}

// knownIn says whether a file of ours has these testers in it, or needs none.
func (t Testers) knownIn(content []byte) bool {
	var b strings.Builder
	t.renderWho(&b)
	return !t.Any() || strings.Contains(string(content), b.String())
}

// renderNone writes where testers go while no release is there for them: to the file's own server, which answers 503.
func (m ManagedFile) renderNone(b *strings.Builder, name string) {
	fmt.Fprintf(b, "upstream %s%s {\n    server %s max_fails=0;\n}\n", name, sideSuffix, strings.TrimPrefix(m.base(), "http://"))
}

// noPreview is what a tester reads then.
const noPreview = "no release waits for a preview"

// Testers implements Previewer.
func (m managed) Testers(c Configuration, route model.Route, change model.Change) (*model.Change, error) {
	if !m.testers.Any() || change.Empty() || route.Names == model.None || route.Names == change.To {
		return nil, nil
	}
	if err := m.takesPart(c, change.Files[0].Path, forPreview); err != nil {
		return nil, err
	}
	open, err := m.between(route, change, &sides{to: change.To, new: m.files[change.To].Upstreams})
	return &open, err
}
