package compose

import (
	"context"
	"errors"
	"reflect"
	"slices"

	"github.com/compose-spec/compose-go/v2/template"

	"bluegate/deploy/model"
)

// standIns are two values for a variable that the files require and the environment does not have. They are valid as a
// tag, a port and a name. What depends on the variable differs between them.
var standIns = [2]string{"11111", "22222"}

// withoutVariables reads the files where the environment lacks variables that they require, such as the version of a
// release that is yet to come. What runs does not depend on it, so nothing but the images of services may: anything else
// that does is not known, and is the error that led here. ok is false if that error stands.
func (s *Stack) withoutVariables(ctx context.Context, cause error) (app model.Application, ok bool) {
	var missing *template.MissingRequiredError
	if !s.opts.OnlyWhatRuns || !errors.As(cause, &missing) {
		return app, false
	}
	var apps [2]model.Application
	for i, value := range standIns {
		unset := map[string]string{}
		err := cause
		for errors.As(err, &missing) && unset[missing.Variable] == "" {
			unset[missing.Variable] = value
			apps[i], err = s.loadWith(ctx, unset)
		}
		if err != nil {
			return app, false
		}
	}
	for _, colour := range model.Colours {
		if !reflect.DeepEqual(withoutImages(apps[0].Models[colour]), withoutImages(apps[1].Models[colour])) {
			return app, false
		}
	}
	return apps[0], apps[0].Project == apps[1].Project
}

func withoutImages(m model.Model) model.Model {
	m.Services = slices.Clone(m.Services)
	for i := range m.Services {
		m.Services[i].Image = ""
	}
	return m
}
