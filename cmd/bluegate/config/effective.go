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
	// Where is the flag, the variable, or file:line:column; of a convention it says what that is.
	Where string `json:"where,omitempty"`
}

// overruling are the flags that go before a key of the file, and the variables of their own that some of them have.
var overruling = []struct{ flag, variable, key string }{
	{"timeout", "BLUEGATE_TIMEOUT", "gate.timeout"},
	{"keep-old", "BLUEGATE_KEEP_OLD", "old.keep"},
}

// Effective lists every key in the file's order, with what holds for it and where that came from. A key that has neither
// a value nor a default nor a convention is left out. given says whether a flag stands on the command line.
func Effective(flags Flags, f *File, given func(flag string) bool) []Setting {
	var out []Setting
	for _, key := range strict.Keys(*f) {
		if s, ok := settingOf(f, key); ok {
			out = append(out, s)
		}
	}
	for _, o := range overruling {
		if !flags.IsSet(o.flag) {
			continue
		}
		i := slices.IndexFunc(out, func(s Setting) bool { return s.Key == o.key })
		out[i].Value, out[i].From, out[i].Where = flags.String(o.flag), "environment", o.variable
		if given(o.flag) {
			out[i].From, out[i].Where = "flag", "--"+o.flag
		}
	}
	return out
}

func settingOf(f *File, key strict.Key) (Setting, bool) {
	s := Setting{Key: key.Path, Value: shown(key), From: "file"}
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

// shown is a value as a report shows it. What is called like a secret is one.
func shown(key strict.Key) any {
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
