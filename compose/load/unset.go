package load

import (
	"context"
	"errors"
	"reflect"
	"slices"

	"github.com/compose-spec/compose-go/v2/template"

	"bluegate/deploy/model"
)

// placeholders are two values for a required variable that is not set. They are valid as a tag, a port and a name.
// Everything that depends on the variable differs between the two.
var placeholders = [2]string{"11111", "22222"}

// withoutVariables reads the files although variables that they require are not set, such as the version of the next
// release. What runs does not depend on these variables, so only the images of services may; if anything else depends
// on one, the original error stands and ok is false.
func (l Loader) withoutVariables(ctx context.Context, cause error) (known Loaded, ok bool) {
	var missing *template.MissingRequiredError
	if !l.OnlyWhatRuns || !errors.As(cause, &missing) {
		return known, false
	}
	var read [2]Loaded
	for i, value := range placeholders {
		unset := map[string]string{}
		err := cause
		for errors.As(err, &missing) && unset[missing.Variable] == "" {
			unset[missing.Variable] = value
			read[i], err = l.loadWith(ctx, unset)
		}
		if err != nil {
			return known, false
		}
	}
	for _, colour := range model.Colours {
		if !reflect.DeepEqual(withoutImages(read[0].Application.Models[colour]), withoutImages(read[1].Application.Models[colour])) {
			return known, false
		}
	}
	return read[0], read[0].Application.Project == read[1].Application.Project
}

func withoutImages(m model.Model) model.Model {
	m.Services = slices.Clone(m.Services)
	for i := range m.Services {
		m.Services[i].Image = ""
	}
	return m
}
