package config

import (
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"bluegate/cmd/bluegate/config/strict"
	"bluegate/deploy/redact"
)

// othersRead are the permissions with which somebody else than the owner reads a file.
const othersRead fs.FileMode = 0o044

// variable is ${NAME}, and $${NAME} stands for ${NAME} itself.
var variable = regexp.MustCompile(`\$?\$\{([A-Za-z_][A-Za-z0-9_]*)\}`)

// noSecretInTheClear refuses a file that others can read and that holds a secret: what goes into a repository, or lies
// on a machine that several use, is no place for one.
func (f *File) noSecretInTheClear(mode fs.FileMode) error {
	if mode&othersRead == 0 {
		return nil
	}
	for _, text := range f.values.Texts {
		if text.Origin.Variable == "" && holdsSecret(lastPart(text.Key), text.Value) {
			instead := "write ${NAME} here and set it in the environment"
			if text.Tag.Get("fill") == "" {
				instead = "set it in the environment, where a command finds it"
			}
			return &strict.Error{Origin: text.Origin, Message: fmt.Sprintf("%s is a secret in plain text, and other users can read the file (mode %#o); %s, or run: chmod 600 %s", text.Key, mode.Perm(), instead, f.values.File)}
		}
	}
	return nil
}

// holdsSecret tells by the name of a key, or by the look of a URL.
func holdsSecret(name, value string) bool {
	if u, err := url.Parse(variable.ReplaceAllString(value, "")); err == nil && u.User != nil {
		if password, _ := u.User.Password(); password != "" {
			return true
		}
	}
	return redact.IsSecretName(name) && !variable.MatchString(value) && redact.LooksSecret(value)
}

// fillKeys fills the colours' own keys, wherever they are going to stand.
func (f *File) fillKeys() error {
	for _, colour := range slices.Sorted(maps.Keys(f.Colours)) {
		keys := f.Colours[colour].Keys
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			filled, err := f.fill("colours."+colour+"."+key, keys[key])
			if err != nil {
				return err
			}
			keys[key] = filled
		}
	}
	return nil
}

// fill puts the environment's values in the place of ${NAME}. What it put in is a secret for the mask.
func (f *File) fill(key, text string) (string, error) {
	var missing error
	filled := variable.ReplaceAllStringFunc(text, func(found string) string {
		if strings.HasPrefix(found, "$$") {
			return found[1:]
		}
		name := strings.Trim(found, "${}")
		value := f.getenv(name)
		if value == "" && missing == nil {
			missing = &strict.Error{Origin: f.values.Origins[key], Message: fmt.Sprintf("environment variable %s is not set, or empty (%s); set it, or write $${%s} for a literal ${%s}", name, key, name, name)}
		}
		f.filled = append(f.filled, value)
		return value
	})
	return filled, missing
}
