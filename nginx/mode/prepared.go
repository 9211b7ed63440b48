package mode

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/aymanbagabas/go-udiff"

	"bluegate/deploy/model"
)

// prepared replaces the live file by a whole one: copy by the file that the user prepared for the colour, template by
// the text of bluegate.yml.
type prepared struct {
	name string // copy or template
	dir  string
	to   string
	from map[model.Colour]string
	text map[model.Colour]string
}

// StandIn implements Mode.
func (m prepared) StandIn(c Configuration) (map[string][]byte, error) {
	to, err := c.Located("nginx.to", m.dir, m.to)
	if err != nil {
		return nil, err
	}
	texts, err := m.texts(c)
	if err != nil {
		return nil, err
	}
	return c.unlessThere(to, texts[model.Blue])
}

// Observe implements Mode.
func (m prepared) Observe(c Configuration, dir *model.Addresses, route *model.Route) {
	route.Refusal = m.look(c, dir, route)
}

func (m prepared) look(c Configuration, dir *model.Addresses, route *model.Route) error {
	to, err := c.Located("nginx.to", m.dir, m.to)
	if err != nil {
		return err
	}
	texts, err := m.texts(c)
	if err != nil {
		return err
	}
	now, err := c.Files.Read(to)
	if errors.Is(err, fs.ErrNotExist) {
		return c.observeAbsent(dir, to, route, func(colour model.Colour) string {
			return fmt.Sprintf("%s, with this content: %q", to, texts[colour])
		})
	}
	if err != nil {
		return err
	}
	if route.Names = m.named(texts, now); route.Names == model.None {
		return model.Refuse(model.SwitchPointNotFound, "%s of %s is neither blue's nor green's %s: it was edited by hand, or what it is made from was; make it the live colour's again. It differs from blue's by\n%s",
			to, c.Nginx, m.noun(), strings.TrimSpace(udiff.Unified("blue", to, string(texts[model.Blue]), string(now))))
	}
	return c.observeWhole(dir, to, route)
}

func (m prepared) noun() string {
	if m.name == "template" {
		return "nginx.text"
	}
	return "prepared file"
}

// named is the colour whose content a file has. White space behind it does not count: editors and shells add and drop it.
func (m prepared) named(texts map[model.Colour][]byte, content []byte) model.Colour {
	for _, colour := range model.Colours {
		if bytes.Equal(trimmed(texts[colour]), trimmed(content)) {
			return colour
		}
	}
	return model.None
}

func trimmed(content []byte) []byte { return bytes.TrimRight(content, " \t\r\n") }

// texts are the contents that the live file can have.
func (m prepared) texts(c Configuration) (map[model.Colour][]byte, error) {
	out := map[model.Colour][]byte{}
	for _, colour := range model.Colours {
		text, err := []byte(strings.TrimRight(m.text[colour], "\n")+"\n"), error(nil)
		if m.name == "copy" {
			text, err = readPrepared(c, m.dir, m.from[colour])
		}
		if err != nil {
			return nil, &model.InvalidError{Err: fmt.Errorf("nginx.from: %s of %s: %w", m.from[colour], colour, err)}
		}
		out[colour] = text
	}
	if bytes.Equal(trimmed(out[model.Blue]), trimmed(out[model.Green])) {
		return nil, model.Refuse(model.SwitchPointAmbiguous, "the %ss of blue and of green have the same content, so that the live file cannot tell which is live", m.noun())
	}
	return out, nil
}

// readPrepared reads a relative path in the project's folder, and another one where nginx is.
func readPrepared(c Configuration, dir, file string) ([]byte, error) {
	if path.IsAbs(file) {
		return c.Files.Read(path.Clean(file))
	}
	return os.ReadFile(onHost(dir, file))
}

// Plan implements Mode.
func (m prepared) Plan(c Configuration, route model.Route, dir *model.Addresses, to model.Colour) (model.Change, error) {
	file, err := c.Located("nginx.to", m.dir, m.to)
	if err != nil {
		return model.Change{}, err
	}
	texts, err := m.texts(c)
	if err != nil {
		return model.Change{}, err
	}
	f := model.FileChange{Path: file, New: texts[to]}
	if route.Names == to {
		if f.New, err = c.Files.Read(file); err != nil { // except for white space it is that already
			return model.Change{}, err
		}
	}
	return c.wholeChange(route, dir, to, f)
}
