package mode

import (
	"fmt"

	"bluegate/deploy/model"
)

// namedColour is the colour that every switch point names. Both at once cannot be told apart by role.
func namedColour(points []model.SwitchPoint, nginx fmt.Stringer) (model.Colour, error) {
	named := model.None
	for _, p := range points {
		switch {
		case named == model.None:
			named = p.Endpoint.Colour
		case named != p.Endpoint.Colour:
			return model.None, model.Refuse(model.SwitchPointAmbiguous,
				"the configuration of %s names both colours: %s at %s and %s at %s; make all of them name the live one",
				nginx, points[0].Address, points[0].Place, p.Address, p.Place)
		}
	}
	return named, nil
}
