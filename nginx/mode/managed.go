package mode

import (
	"errors"
	"fmt"
	"io/fs"

	"bluegate/deploy/model"
)

// managed keeps all upstreams in one file of ours, which is rendered whole at each switch.
type managed struct {
	dir   string
	to    string
	files map[model.Colour]ManagedFile

	canary  Canary
	testers Testers
}

// StandIn implements Mode.
func (m managed) StandIn(c Configuration) (map[string][]byte, error) {
	to, err := c.Located("nginx.to", m.dir, m.to)
	if err != nil {
		return nil, err
	}
	return c.unlessThere(to, m.files[model.Blue].Render())
}

// Observe implements Mode.
func (m managed) Observe(c Configuration, dir *model.Addresses, route *model.Route) {
	route.Refusal = m.look(c, dir, route)
}

func (m managed) look(c Configuration, dir *model.Addresses, route *model.Route) error {
	to, err := c.Located("nginx.to", m.dir, m.to)
	if err != nil {
		return err
	}
	now, err := c.Files.Read(to)
	if errors.Is(err, fs.ErrNotExist) {
		return c.observeAbsent(dir, to, route, func(colour model.Colour) string {
			return fmt.Sprintf("%s, with this content:\n%s", to, m.fresh(colour))
		})
	}
	if err != nil {
		return err
	}
	colour, _, err := readManaged(to, now)
	if err != nil {
		return m.writtenAgain(err, to, colour)
	}
	route.Names = colour
	route.Canary, route.Testers = readOther(now)
	if !m.testers.knownIn(now) {
		route.Findings = append(route.Findings, model.Finding{
			Code: "testers-unknown", Place: to, Message: fmt.Sprintf("%s does not know the testers of bluegate.yml yet (preview.header, preview.cookie, preview.secret): the next deployment writes them", c.Nginx),
			Cost: "until then a request with their secret gets the live colour", Remedy: "bluegate deploy, or bluegate deploy --until preview",
		})
	}
	return c.observeWhole(dir, to, route)
}

// Plan implements Mode.
func (m managed) Plan(c Configuration, route model.Route, dir *model.Addresses, to model.Colour) (model.Change, error) {
	file, err := c.Located("nginx.to", m.dir, m.to)
	if err != nil {
		return model.Change{}, err
	}
	next := m.files[to]
	next.SwitchID = NewSwitchID()
	f := model.FileChange{Path: file, New: next.Render(), Private: m.testers.Any()}
	if now, err := c.Files.Read(file); err == nil && route.Names == to {
		same := next
		if _, same.SwitchID, err = readManaged(file, now); err == nil && string(same.Render()) == string(now) {
			next, f.New = same, now
		}
	}
	change, err := c.wholeChange(route, dir, to, f)
	if err == nil && next.Listen != "" {
		change.Proofs = next.proofs()
	}
	return change, err
}

// fresh is the file for a colour under a switch id of its own, for a person to write. It has no secret in it.
func (m managed) fresh(colour model.Colour) []byte {
	next := m.files[colour]
	next.SwitchID, next.testers = NewSwitchID(), Testers{}
	return next.Render()
}

// writtenAgain adds to the refusal of a file that was edited what to write in its place. Which colour that is, its head
// says; where that is gone too, the person has to know.
func (m managed) writtenAgain(err error, to string, colour model.Colour) error {
	var refused *model.RefusedError
	if !errors.As(err, &refused) || refused.Reasons[0].Code != model.ConfigNotLoaded {
		return err
	}
	text := "; undo the edit, or write this in place of what is there, and reload nginx:"
	for _, c := range model.Colours {
		if colour == c || colour == model.None {
			text += fmt.Sprintf("\nIf %s is live:\n%s", c, m.fresh(c))
		}
	}
	refused.Reasons[0].Message += text
	return err
}
