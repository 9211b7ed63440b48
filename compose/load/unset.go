package load

import (
	"context"
	"errors"
	"reflect"
	"slices"

	"github.com/compose-spec/compose-go/v2/template"

	"bluegate/deploy/model"
)

// placeholders are two values for a variable that the files require and the environment does not have. They are valid as a
// tag, a port and a name. What depends on the variable differs between them.
var placeholders = [2]string{"11111", "22222"}

// withoutVariables reads the files where the environment lacks variables that they require, such as the version of a
// release that is yet to come. What runs does not depend on it, so nothing but the images of services may: anything else
// that does is not known, and is the error that led here. ok is false if that error stands.
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
