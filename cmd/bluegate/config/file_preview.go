package config

import (
	"cmp"
	"time"

	"bluegate/deploy/model"
	"bluegate/nginx/mode"
)

// previewSection is about a release that waits to be promoted.
type previewSection struct {
	Timeout time.Duration `yaml:"timeout" default:"60m" doc:"How long a release of deploy --until preview waits to be promoted. After that the next deployment, settle or watch removes it."`
	Header  string        `yaml:"header" doc:"Mode managed: requests with the secret in this header get the release that waits, through nginx."`
	Cookie  string        `yaml:"cookie" doc:"Mode managed: requests with the secret in this cookie get the release that waits, through nginx."`
	Secret  string        `yaml:"secret" fill:"environment" doc:"The secret of header and cookie, at least 16 letters, digits, _ and -. ${NAME} is read from the environment."`
}

// readPreview applies the section preview.
func (o *Options) readPreview(f *File) error {
	if f.values.Has("preview.timeout") {
		o.Settings.PreviewTimeout = f.Preview.Timeout
	}
	secret, err := f.substitute("preview.secret", f.Preview.Secret)
	if err != nil {
		return err
	}
	t := mode.Testers{Header: f.Preview.Header, Cookie: f.Preview.Cookie, Secret: secret}
	key, wrong := t.Check()
	switch {
	case wrong != "" && f.values.Has("preview."+key):
		return f.values.Wrong("preview."+key, "%s", wrong)
	case wrong != "" && t.Header != "": // the secret is missing
		return f.values.Wrong("preview.header", "preview.secret %s", wrong)
	case wrong != "":
		return f.values.Wrong("preview.cookie", "preview.secret %s", wrong)
	case !t.Any():
		return nil
	case f.Nginx.Mode != "managed":
		return f.values.Wrong("preview.secret", "a preview through nginx needs nginx.mode managed, and this is mode %s; `bluegate preview` works in every mode", cmp.Or(f.Nginx.Mode, "edit"))
	case f.Nginx.Listen == "off":
		return f.values.Wrong("nginx.listen", "off leaves out the server that answers testers with 503 while no release waits; take it away, or preview.header and preview.cookie")
	}
	o.Nginx.Settings.Testers = t
	o.Settings.Testers = &model.Testers{Header: t.Header, Cookie: t.Cookie}
	return nil
}
