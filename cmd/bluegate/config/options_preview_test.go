package config

import (
	"path/filepath"
	"strings"
	"testing"

	"bluegate/deploy/model"
	"bluegate/deploy/redact"
	"bluegate/nginx/mode"
)

func TestPreviewOptions(t *testing.T) {
	const secret, managed = "0123456789abcdef", "nginx: {mode: managed, upstreams: {was: \"was-{colour}:3000\"}}\n"
	env := map[string]string{"PREVIEW_SECRET": secret, "SHORT": "ab12", "SPACED": secret + " x"}
	options := func(yml string) (Options, *File, error) {
		dir := t.TempDir()
		writeText(t, filepath.Join(dir, "bluegate.yml"), yml)
		return Read(given{"project-directory": dir}, func(name string) string { return env[name] })
	}
	o, f, err := options(managed + "preview: {timeout: 2h, header: X-Preview, cookie: preview, secret: \"${PREVIEW_SECRET}\"}\n")
	if err != nil || o.Nginx.Settings.Testers != (mode.Testers{Header: "X-Preview", Cookie: "preview", Secret: secret}) ||
		*o.Settings.Testers != (model.Testers{Header: "X-Preview", Cookie: "preview"}) || o.Settings.PreviewTimeout.Hours() != 2 {
		t.Errorf("%+v, %+v, %v", o.Nginx.Settings.Testers, o.Settings.Testers, err)
	}
	var mask redact.Redactor
	LearnSecrets(&mask, f)
	if said := mask.Text("it is " + secret); strings.Contains(said, secret) {
		t.Errorf("not masked: %q", said)
	}
	if o, _, err = options("preview: {timeout: 2h}\n"); err != nil || o.Settings.Testers != nil {
		t.Errorf("without testers: %+v, %v", o.Settings.Testers, err)
	}
	for yml, want := range map[string]string{
		managed + "preview: {header: X-Preview, secret: ab12cd34ef56ab12}\n":                               "secret in plain text (preview.secret)",
		managed + "preview: {header: X-Preview}\n":                                                         "bluegate.yml:2:19: preview.header: preview.secret is needed",
		managed + "preview: {cookie: preview}\n":                                                           "bluegate.yml:2:19: preview.cookie: preview.secret is needed",
		managed + "preview: {secret: \"${PREVIEW_SECRET}\"}\n":                                             "bluegate.yml:2:19: preview.secret: neither preview.header nor preview.cookie",
		managed + "preview: {header: X-Preview, secret: \"${SHORT}\"}\n":                                   "preview.secret: has 4 characters, and needs at least 16",
		managed + "preview: {header: X-Preview, secret: \"${SPACED}\"}\n":                                  "preview.secret: may hold letters",
		managed + "preview: {header: \"X Preview\", secret: \"${PREVIEW_SECRET}\"}\n":                      "preview.header: \"X Preview\" is not a name",
		managed + "preview: {cookie: pre-view, secret: \"${PREVIEW_SECRET}\"}\n":                           "preview.cookie: \"pre-view\" is not a name",
		"preview: {header: X-Preview, secret: \"${PREVIEW_SECRET}\"}\n":                                    "preview.secret: a preview through nginx needs nginx.mode managed, and this is mode edit",
		managed[:len(managed)-2] + ", listen: off}\npreview: {cookie: c, secret: \"${PREVIEW_SECRET}\"}\n": "nginx.listen: off leaves out the server",
		managed + "preview: {header: X-Preview, secret: \"${NOT_SET_ANYWHERE}\"}\n":                        "environment variable NOT_SET_ANYWHERE is not set",
	} {
		if _, _, err := options(yml); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), secret) {
			t.Errorf("%q: %v, want %q", yml, err, want)
		}
	}
}
