package config

import (
	"path/filepath"
	"strings"

	"bluegate/deploy/redact"
)

// KeepPaths tells the redactor not to hide the paths that the user gave.
func KeepPaths(mask *redact.Redactor, flags Flags) {
	if dir, err := ProjectDirectory(flags); err == nil {
		mask.Keep(dir)
	}
	if path, err := filepath.Abs(flags.String("config")); err == nil && flags.String("config") != "" {
		mask.Keep(path)
	}
}

// lastPart returns the name of the value itself: TOKEN for colours.blue.env.TOKEN. The value of preview.cookie is not a cookie, but
// the name of one.
func lastPart(key string) string {
	if key == "preview.cookie" {
		return "name"
	}
	return key[strings.LastIndexByte(key, '.')+1:]
}

// LearnSecrets tells the redactor about values in the file whose key is named like a secret, and about those that
// ${NAME} took from the environment.
func LearnSecrets(mask *redact.Redactor, f *File) {
	for _, value := range f.secrets {
		mask.Add(value)
	}
	for _, text := range f.values.Texts {
		mask.Learn(lastPart(text.Key), text.Value)
	}
}

// Redact hides the secrets in a value of the effective configuration.
func Redact(mask *redact.Redactor, value any) any {
	switch v := value.(type) {
	case string:
		return mask.Text(v)
	case []string:
		out := make([]string, len(v))
		for i, text := range v {
			out[i] = mask.Text(text)
		}
		return out
	case [][]string:
		out := make([][]string, len(v))
		for i, line := range v {
			out[i] = Redact(mask, line).([]string)
		}
		return out
	}
	return value
}
