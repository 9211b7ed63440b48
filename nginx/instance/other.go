package instance

import (
	"context"
	"errors"
	"io/fs"

	"bluegate/deploy/model"
	"bluegate/nginx/conf"
	"bluegate/nginx/mode"
)

// Other is an nginx that is not switched, and where its configuration sends requests.
type Other struct {
	Nginx  string
	Route  model.Route
	Unread error  // why that is not known
	Exempt string // how it is said that this nginx serves nobody, or has nothing to do with the application
}

// ReadOther reads where an nginx sends requests that knows the colours by dir. A configuration that nginx itself could not load
// is Unread.
func ReadOther(ctx context.Context, found Instance, dir *model.Addresses) (Other, error) {
	other := Other{Nginx: found.String()}
	main := found.MainFile()
	if main == "" {
		other.Unread = errors.New("it has no nginx.conf where nginx would look for it")
		return other, nil
	}
	c := mode.Configuration{Nginx: found, Files: found.Files(ctx), Main: main}
	var err error
	c.Tree, err = conf.LoadTree(c.Files, main)
	var syntax *conf.SyntaxError
	if errors.As(err, &syntax) || errors.Is(err, fs.ErrNotExist) {
		other.Unread = err
		return other, nil
	}
	if err != nil {
		return other, err
	}
	mode.Edit{}.Observe(c, dir, &other.Route)
	return other, nil
}
