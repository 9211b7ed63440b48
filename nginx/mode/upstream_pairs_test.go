package mode

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"bluegate/nginx/conf"
	"bluegate/testdata/nginxtest"
)

func TestTwins(t *testing.T) {
	const dir = "was-{colour} 3000 3000\nsignal-{colour} 3001 3001"
	for name, test := range map[string]struct{ text, want string }{
		"a pair":               {"upstream was_blue { server was-blue:3000; } upstream was_green { server was-green:3000; }", "was_blue was_green"},
		"case":                 {"upstream Was_Blue { server was-blue:3000; } upstream was_green { server was-green:3000; }", "was_blue was_green"},
		"the bare colours":     {"upstream blue { server was-blue:3000; server signal-blue:3001; } upstream green { server was-green:3000; }", "blue green"},
		"alone":                {"upstream was_blue { server was-blue:3000; }", ""},
		"crossed":              {"upstream was_blue { server was-green:3000; } upstream was_green { server was-blue:3000; }", ""},
		"with a stranger":      {"upstream was_blue { server was-blue:3000; server db:1; } upstream was_green { server was-green:3000; }", "was_blue was_green"},
		"with both":            {"upstream was_blue { server was-blue:3000; server was-green:3000; } upstream was_green { server was-green:3000; }", ""},
		"no word of a colour":  {"upstream a { server was-blue:3000; } upstream b { server was-green:3000; }", ""},
		"a part of a word":     {"upstream bluebird { server was-blue:3000; } upstream greenbird { server was-green:3000; }", ""},
		"two pairs, one mixed": {"upstream was_blue { server was-blue:3000; } upstream was_green { server was-green:3000; } upstream s-blue { server signal-blue:3001; } upstream s-green { server db:1; }", "was_blue was_green"},
	} {
		file, err := conf.Parse("x.conf", []byte(test.text))
		if err != nil {
			t.Fatal(err)
		}
		found, err := twinsOf([]*conf.File{file}, nginxtest.Addresses(t, dir))
		if got := strings.Join(slices.Sorted(maps.Keys(found)), " "); err != nil || got != test.want {
			t.Errorf("%s: %s %v, want %s", name, got, err, test.want)
		}
		for key, twin := range found {
			if other, ok := found[strings.ToLower(twin.other)]; !ok || other.colour != twin.colour.Other() || len(twin.ends) == 0 {
				t.Errorf("%s: the other of %s is %+v", name, key, other)
			}
		}
	}
}
