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

// readableByOthers are the permissions with which another user can read a file.
const readableByOthers fs.FileMode = 0o044

// variable matches ${NAME}; $${NAME} is a literal ${NAME}.
var variable = regexp.MustCompile(`\$?\$\{([A-Za-z_][A-Za-z0-9_]*)\}`)

// refusePlainSecrets refuses a file that others can read and that contains a secret: such a file ends up in a
// repository, or on a machine that several people use.
func (f *File) refusePlainSecrets(mode fs.FileMode) error {
	if !HasPermissions || mode&readableByOthers == 0 {
		return nil
	}
	for _, text := range f.values.Texts {
		if text.Origin.Variable == "" && (isPlainSecret(lastPart(text.Key), text.Value) || isPlainAddress(text)) {
			instead := "write ${NAME} here and set it in the environment"
			if text.Tag.Get("fill") == "" {
				instead = "set it in the environment, where a command finds it"
			}
			return &strict.Error{Origin: text.Origin, Message: fmt.Sprintf("secret in plain text (%s), in a file that other users can read (mode %#o); %s, or run: chmod 600 %s", text.Key, mode.Perm(), instead, f.values.File)}
		}
	}
	return nil
}

// isPlainSecret recognises a secret by the name of its key, or by a password in a URL.
func isPlainSecret(name, value string) bool {
	if u, err := url.Parse(variable.ReplaceAllString(value, "")); err == nil && u.User != nil {
		if password, _ := u.User.Password(); password != "" {
			return true
		}
	}
	return redact.IsSecretName(name) && !variable.MatchString(value) && redact.LooksSecret(value)
}

// isPlainAddress recognises the address of notifications: it contains the token of a channel.
func isPlainAddress(text strict.Text) bool {
	return strings.HasPrefix(text.Key, "notify[") && lastPart(text.Key) == "url" && !variable.MatchString(text.Value)
}

// substituteKeys replaces ${NAME} in the keys of the colours, wherever they are used.
func (f *File) substituteKeys() error {
	for _, colour := range slices.Sorted(maps.Keys(f.Colours)) {
		keys := f.Colours[colour].Keys
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			filled, err := f.substitute("colours."+colour+"."+key, keys[key])
			if err != nil {
				return err
			}
			keys[key] = filled
		}
	}
	return nil
}

// substitute replaces ${NAME} with values of the environment, and records them as secrets.
func (f *File) substitute(key, text string) (string, error) {
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
		f.secrets = append(f.secrets, value)
		return value
	})
	return filled, missing
}
