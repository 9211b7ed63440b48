package load

import (
	"fmt"
	"regexp"

	"github.com/distribution/reference"

	"bluegate/deploy/model"
)

var restartPolicy = regexp.MustCompile(`^(|no|always|unless-stopped|on-failure(:[0-9]+)?)$`)

// validate refuses values that Compose accepts and the engine would reject in the middle of a release.
func validate(m model.Model, l Positions, restart func(service string) string) error {
	for _, service := range m.Services {
		wrong := func(key, format string, args ...any) error {
			path := "services." + service.Name + "." + key
			return &model.InvalidError{Err: fmt.Errorf("%s: %s: %s", l.Where(path), path, fmt.Sprintf(format, args...))}
		}
		if _, err := reference.ParseNormalizedNamed(service.Image); err != nil {
			return wrong("image", "invalid image name %q: %v", service.Image, err)
		}
		if policy := restart(service.Name); !restartPolicy.MatchString(policy) {
			return wrong("restart", "invalid restart policy %q: must be one of no, always, on-failure, on-failure:N, unless-stopped", policy)
		}
	}
	return nil
}
