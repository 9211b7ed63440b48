package main

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"bluegate/cmd/bluegate/strict"
	"bluegate/deploy/redact"
)

// setting is a key of the effective configuration.
type setting struct {
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

// effective lists every key in the file's order, with what holds for it and where that came from. A key that has neither
// a value nor a default nor a convention is left out. given says whether a flag stands on the command line.
func effective(ctx *cli.Context, f *file, given func(flag string) bool) []setting {
	var out []setting
	for _, key := range strict.Keys(*f) {
		if s, ok := settingOf(f, key); ok {
			out = append(out, s)
		}
	}
	for _, o := range overruling {
		if !ctx.IsSet(o.flag) {
			continue
		}
		i := slices.IndexFunc(out, func(s setting) bool { return s.Key == o.key })
		out[i].Value, out[i].From, out[i].Where = ctx.Value(o.flag), "environment", o.variable
		if span, ok := out[i].Value.(time.Duration); ok {
			out[i].Value = span.String()
		}
		if given(o.flag) {
			out[i].From, out[i].Where = "flag", "--"+o.flag
		}
	}
	return out
}

func settingOf(f *file, key strict.Key) (setting, bool) {
	s := setting{Key: key.Path, Value: shown(key), From: "file"}
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

// lastPart is what a value itself is called: TOKEN of colours.blue.env.TOKEN.
func lastPart(key string) string { return key[strings.LastIndexByte(key, '.')+1:] }

// learnSecrets tells the mask of the values in the file that are called like secrets, and of those that it takes from the
// environment.
func learnSecrets(mask *redact.Redactor, f *file) {
	for _, value := range f.filled {
		mask.Add(value)
	}
	for _, text := range f.values.Texts {
		mask.Learn(lastPart(text.Key), text.Value)
	}
}

// hidden hides the secrets in a value of the effective configuration.
func hidden(mask *redact.Redactor, value any) any {
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
			out[i] = hidden(mask, line).([]string)
		}
		return out
	}
	return value
}
