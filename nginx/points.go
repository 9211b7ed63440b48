package nginx

import (
	"bytes"
	"fmt"
	"strconv"

	"bluegate/deploy/model"
	"bluegate/nginx/conf"
)

// portOf is the port that nginx uses when none is written.
func portOf(src []byte, p conf.Point) int {
	if n, err := strconv.Atoi(p.Port); err == nil {
		return n
	}
	scheme := bytes.ToLower(src[max(0, p.Start-len("https://")):p.Start])
	if string(scheme) == "https://" || string(scheme) == "grpcs://" {
		return 443
	}
	return 80
}

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
