package mode

import (
	"path/filepath"

	"bluegate/deploy/model"
)

// Settings say how nginx is switched. The zero value is mode edit, on whatever file names a colour.
type Settings struct {
	Mode      string                             // edit, managed, copy, template, link or flag; empty: edit
	Dir       string                             // the project's folder, from which relative paths count
	Files     []string                           // edit: the files that may be edited; empty: all that nginx reads
	Values    []string                           // edit: variables whose values carry the colour
	From      map[model.Colour]string            // copy, link: the file of each colour
	To        string                             // all but edit: the live file
	Text      map[model.Colour]string            // template: what the live file holds
	Upstreams map[model.Colour]map[string]string // managed: the server of each upstream
	Canary    Canary                             // managed
	Testers   Testers                            // managed
	Listen    string                             // managed: where token and routes are answered; "off": nowhere
}

// managedPath is where the one file of mode managed lies when nginx.to does not say: both the official image and
// Debian's package include it, before the sites.
const managedPath = "/etc/nginx/conf.d/00-bluegate.conf"

// ManagedListen is where token and routes are answered when nginx.listen does not say: where nobody but nginx's own
// network namespace can ask.
const ManagedListen = "127.0.0.1:8099"

// Build is what the settings ask for. An *InvalidError says what is missing.
func (s Settings) Build() (Mode, error) {
	if s.Mode != "" && s.Mode != "edit" && s.Mode != "managed" && s.To == "" {
		return nil, model.Invalid("nginx.to: mode %s needs the live file", s.Mode)
	}
	switch s.Mode {
	case "", "edit":
		return Edit{dir: s.Dir, only: s.Files, values: s.Values}, nil
	case "copy":
		if err := s.differ("from", s.From); err != nil {
			return nil, err
		}
		return prepared{name: s.Mode, dir: s.Dir, to: s.To, from: s.From}, nil
	case "template":
		if err := s.differ("text", s.Text); err != nil {
			return nil, err
		}
		return prepared{name: s.Mode, dir: s.Dir, to: s.To, text: s.Text}, nil
	case "link":
		if err := s.differ("from", s.From); err != nil {
			return nil, err
		}
		return link{dir: s.Dir, to: s.To, from: s.From}, nil
	case "flag":
		return Flagged{dir: s.Dir, to: s.To}, nil
	case "managed":
		return s.managed()
	}
	return nil, model.Invalid("nginx.mode: %q is none of edit, managed, copy, template, link, flag", s.Mode)
}

// differ wants a text for each colour, and not the same.
func (s Settings) differ(key string, text map[model.Colour]string) error {
	blue, green := text[model.Blue], text[model.Green]
	switch {
	case blue == "" || green == "":
		return model.Invalid("nginx.%s: mode %s needs it", key, s.Mode)
	case blue == green:
		return model.Invalid("nginx.%s: %q is the same for both colours; let it hold {colour} or a key of colours.<colour>", key, blue)
	}
	return nil
}

func (s Settings) managed() (Mode, error) {
	m := managed{dir: s.Dir, to: s.To}
	if m.to == "" {
		m.to = managedPath
	}
	listen := s.Listen
	switch listen {
	case "":
		listen = ManagedListen
	case "off":
		listen = ""
	}
	var err error
	if m.files, err = managedOf(s.Upstreams, listen); err == nil {
		err = s.Canary.check(s.Upstreams[model.Blue])
	}
	m.canary, m.testers = s.Canary, s.Testers
	if err == nil && m.testers.Any() {
		err = m.testerFiles(listen)
	}
	return m, err
}

// onHost is a relative path of bluegate.yml's, as the host has it.
func onHost(dir, file string) string { return filepath.Join(dir, filepath.FromSlash(file)) }

// testerFiles puts the testers into the files of both colours.
func (m managed) testerFiles(listen string) error {
	if key, wrong := m.testers.Check(); wrong != "" {
		return model.Invalid("preview.%s: %s", key, wrong)
	}
	if listen == "" {
		return model.Invalid("nginx.listen: off leaves out the server that answers testers with 503 while no release is there for them; take it away, or preview.header and preview.cookie")
	}
	for colour, file := range m.files {
		file.testers = m.testers
		m.files[colour] = file
	}
	return clash(m.files[model.Blue].Upstreams)
}
