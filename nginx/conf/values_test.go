package conf

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestValues(t *testing.T) {
	for _, test := range []struct{ src, variables, want string }{
		{`set $up http://was-blue:3000;`, "up", "set up was-blue:3000"},
		{`set $up http://was-blue:3000;`, "$up", "set up was-blue:3000"},
		{`set $up http://was-blue:3000;`, "", "set up was-blue:3000"},
		{`set $up http://was-blue:3000;`, "down", ""},
		{`set $up "https://was-blue/app?x=$a";`, "up", "set up was-blue:"},
		{`set $up was-blue:3000$request_uri;`, "up", "set up was-blue:3000"},
		{`set $up was-$colour:3000;`, "up", ""},
		{`set $up http://was-blue$suffix;`, "up", ""},
		{`set $up blue;`, "up", "set up blue:"},
		{`set $up "";`, "up", ""},
		{`server { location / { set $up 10.0.0.1:80; set $b [::1]:80; } }`, "", "set up 10.0.0.1:80, set b [::1]:80"},
		{`map $host $up { default http://was-blue:3000; a.example "was-blue:3001"; include more; hostnames; volatile; }`, "up", "map up was-blue:3000, map up was-blue:3001"},
		{`map $host $up { default was-blue:3000; }`, "host", ""},
		{`geo $up { default was-blue:3000; }`, "up", ""},
		{`split_clients $a $up { * was-blue:3000; }`, "up", ""},
		{`set $up;`, "up", ""},
	} {
		f := parse(t, test.src)
		var got []string
		for _, p := range f.Values(strings.Fields(test.variables)...) {
			got = append(got, fmt.Sprintf("%s %s %s:%s", p.Directive, p.Variable, p.Host, p.Port))
			want := p.Host
			if p.Port != "" {
				want += ":" + p.Port
			}
			if text := string(f.Src[p.Start:p.End]); text != want {
				t.Errorf("%s: the point covers %q, want %q", test.src, text, want)
			}
		}
		if !slices.Equal(got, slices.DeleteFunc(strings.Split(test.want, ", "), func(s string) bool { return s == "" })) {
			t.Errorf("%s: values of %q are %v, want %s", test.src, test.variables, got, test.want)
		}
	}
}
