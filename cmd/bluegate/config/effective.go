package config

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"bluegate/cmd/bluegate/config/strict"
	"bluegate/deploy/redact"
)

// Setting is a key of the effective configuration.
type Setting struct {
	Key   string `json:"key"`
	Value any    `json:"value"`
	// From is flag, environment, file, convention or default.
	From string `json:"from"`
	// Where is the flag, the variable, or file:line:column. For a convention, it describes the convention.
	Where string `json:"where,omitempty"`
}

// flagKeys are the flags that override a key of the file, with their variables.
var flagKeys = []struct{ flag, variable, key string }{
	{"timeout", "BLUEGATE_TIMEOUT", "gate.timeout"},
	{"keep-old", "BLUEGATE_KEEP_OLD", "old.keep"},
	{"file", "", "compose.files"},
	{"project-name", "", "compose.project"},
}

// Effective lists every key in the order of the file, with its value and where the value comes from. It omits a key
// without a value, a default and a convention. given says whether a flag is on the command line.
func Effective(flags Flags, f *File, given func(flag string) bool) []Setting {
	var out []Setting
	for _, key := range strict.Keys(*f) {
		if s, ok := settingOf(f, key); ok {
			out = append(out, s)
		}
	}
	for _, o := range flagKeys {
		if !flags.IsSet(o.flag) {
			continue
		}
		i := slices.IndexFunc(out, func(s Setting) bool { return s.Key == o.key })
		out[i].Value, out[i].From, out[i].Where = flags.String(o.flag), "environment", o.variable
		if o.flag == "file" {
			out[i].Value = flags.StringSlice(o.flag)
		}
		if o.variable == "" || given(o.flag) {
			out[i].From, out[i].Where = "flag", "--"+o.flag
		}
	}
	return out
}

func settingOf(f *File, key strict.Key) (Setting, bool) {
	s := Setting{Key: key.Path, Value: displayValue(key), From: "file"}
	origin, ok := f.values.Origins[key.Path]
	switch fallback, has := key.Tag.Lookup("default"); {
	case ok && origin.Variable != "":
		s.From, s.Where = "environment", origin.Variable
	case ok:
		s.Where = origin.Place.String()
	case has:
		s.Value, s.From = fallback, "default"
	default:
		s.From, s.Where = "convention", key.Tag.Get("convention")
		s.Value = nil
		return s, s.Where != ""
	}
	return s, true
}

// displayValue returns a value for display. A value whose key is named like a secret is hidden.
func displayValue(key strict.Key) any {
	name := lastPart(key.Path)
	switch v := key.Value.Interface().(type) {
	case time.Duration:
		return v.String()
	case autoDuration:
		return cmp.Or(strings.TrimPrefix(time.Duration(v).String(), "0s"), "auto")
	case string:
		if redact.IsSecretName(name) {
			return redact.Placeholder
		}
		return v
	default:
		return v
	}
}
