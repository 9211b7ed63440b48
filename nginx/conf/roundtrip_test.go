package conf

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestSwitchOfWholeFiles switches files of the kinds that people have. What a line-wise comparison shows as changed is
// all that may change.
func TestSwitchOfWholeFiles(t *testing.T) {
	hosts := []string{"was-blue", "signal-blue"}
	for _, tt := range []struct {
		file     string
		changed  []string // the lines with an edit, as they become
		mentions int
	}{
		{"comments.conf", []string{
			`    server   "was-green:3000"  max_fails=0   weight=5;   # was-blue`,
			`upstream signal { server signal-green:3001; }`,
			`    location /signal { proxy_pass http://signal-green:3001/hub; }`,
		}, 2},
		{"words.conf", []string{
			`        proxy_pass http://was-green:3000/$1?from=${host};`,
			`    location /api { proxy_pass "http://signal-green:3001$request_uri"; }`,
		}, 3},
		{"lua.conf", []string{`    location / { proxy_pass http://was-green:3000; }`}, 1},
		{"stream.conf", []string{
			`    upstream was { server unix:/run/was-blue.sock backup; server was-green:3000 resolve; }`,
			`    upstream signal { server signal-green:3001; server [2001:db8::3]:3001; }`,
			`    server { listen 3002; proxy_pass signal-green:3001; }`,
		}, 2}, // not the socket: a file's name continues after the dot
		{"crlf.conf", []string{
			"\t\t\thttp://was-green:3000/\r",
			"\tlocation /b { grpc_pass grpcs://signal-green:3001 ; }\r",
		}, 1},
	} {
		t.Run(tt.file, func(t *testing.T) {
			src, err := os.ReadFile("testdata/" + tt.file)
			if err != nil {
				t.Fatal(err)
			}
			f := parse(t, string(src))
			checkOffsets(t, f)
			if got := f.Mentions(hosts); len(got) != tt.mentions {
				t.Errorf("mentions: %+v", got)
			}
			out := replaceHosts(t, f, "-blue", "-green")
			before, after := strings.Split(string(src), "\n"), strings.Split(string(out), "\n")
			if len(before) != len(after) {
				t.Fatalf("%d lines became %d", len(before), len(after))
			}
			var changed []string
			for i := range after {
				if before[i] != after[i] {
					changed = append(changed, after[i])
				}
			}
			if got, want := strings.Join(changed, "\n"), strings.Join(tt.changed, "\n"); got != want {
				t.Errorf("changed lines:\n%s\nwant:\n%s", got, want)
			}
			if back := replaceHosts(t, parse(t, string(out)), "-green", "-blue"); !bytes.Equal(back, src) {
				t.Errorf("there and back:\n%s", back)
			}
		})
	}
}

// replaceHosts gives every point whose host ends in one word another ending.
func replaceHosts(t interface{ Fatalf(string, ...any) }, f *File, from, to string) []byte {
	var edits []Edit
	for _, p := range f.Points() {
		if strings.HasSuffix(p.Host, from) {
			end := p.Start + len(p.Host)
			edits = append(edits, Edit{end - len(from), end, from, to})
		}
	}
	out, err := Apply(f.Src, edits)
	if err != nil {
		t.Fatalf("apply: %v", err)
	}
	return out
}

// A drawnConf is a configuration made of pieces, of which it is known which addresses it has.
type drawnConf struct {
	src    string
	points []string
}

func drawConf(t *rapid.T) drawnConf {
	var b strings.Builder
	var c drawnConf
	blank := func(least string) {
		b.WriteString(rapid.SampledFrom([]string{least, " ", "\t", "\r\n", "\n\n", " # was-blue:1; {\n", "\r\n#'\"\r\n"}).Draw(t, "blank"))
	}
	word := func(before, text, behind string) {
		quote := rapid.SampledFrom([]string{"", "", `"`, "'"}).Draw(t, "quote")
		blank(" ")
		b.WriteString(quote + before + text + behind + quote)
		blank("")
		b.WriteByte(';')
	}
	address := func() string {
		host := rapid.SampledFrom([]string{"was-blue", "was-green", "10.1.2.3", "[2001:db8::1]", "a_b.c", "localhost"}).Draw(t, "host")
		port := rapid.SampledFrom([]string{"", ":80", ":3000", ":65535", ":00443"}).Draw(t, "port")
		return host + port
	}
	for range rapid.IntRange(0, 6).Draw(t, "blocks") {
		blank("")
		switch rapid.IntRange(0, 3).Draw(t, "block") {
		case 0:
			b.WriteString("upstream u {")
			for range rapid.IntRange(0, 3).Draw(t, "servers") {
				a := address()
				b.WriteString("server")
				word("", a, "")
				c.points = append(c.points, a)
			}
		case 1:
			a := address()
			b.WriteString("location / {proxy_pass")
			word("http://", a, rapid.SampledFrom([]string{"", "/", "/x#y", "/?a=$b", "$request_uri"}).Draw(t, "path"))
			c.points = append(c.points, a)
		case 2:
			b.WriteString("server {set $x")
			word("", rapid.SampledFrom([]string{"was-blue:3000", `a}b`, `\;\"\'`, "${x}", "é#"}).Draw(t, "value"), "")
		default:
			b.WriteString("server {x_by_lua_block {" + rapid.SampledFrom([]string{"", "'}'", "{[[}]]}", "--}\n", "'was-blue:3000'"}).Draw(t, "lua") + "}")
		}
		blank("")
		b.WriteByte('}')
	}
	blank("")
	c.src = b.String()
	return c
}

// TestRoundTrip holds what the package is for: without edits nothing changes, an edit changes its range alone, and its
// reverse brings every byte back.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawConf(t)
		f, err := Parse("x.conf", []byte(c.src))
		if err != nil {
			t.Fatalf("%q: %v", c.src, err)
		}
		checkOffsets(t, f)
		var there []Edit
		var found []string
		for _, p := range f.Points() {
			checkPoint(t, f, p)
			old := string(f.Src[p.Start:p.End])
			found = append(found, old)
			there = append(there, Edit{p.Start, p.End, old, rapid.SampledFrom([]string{"x", "other-host:8080", "[::1]:1"}).Draw(t, "new")})
		}
		if fmt.Sprint(found) != fmt.Sprint(c.points) {
			t.Fatalf("%q: found %v, want %v", c.src, found, c.points)
		}
		if same, err := Apply(f.Src, nil); err != nil || string(same) != c.src {
			t.Fatalf("%q became %q without an edit, %v", c.src, same, err)
		}
		out, err := Apply(f.Src, rapid.Permutation(there).Draw(t, "order"))
		if err != nil {
			t.Fatalf("%q: %v", c.src, err)
		}
		changed, err := Parse("x.conf", out)
		if err != nil {
			t.Fatalf("%q: %v", out, err)
		}
		points := changed.Points()
		if len(points) != len(there) {
			t.Fatalf("%q: %d points, want %d", out, len(points), len(there))
		}
		var back []Edit
		for i, p := range points {
			if got := string(out[p.Start:p.End]); got != there[i].New {
				t.Fatalf("%q: found %q, want %q", out, got, there[i].New)
			}
			back = append(back, Edit{p.Start, p.End, there[i].New, there[i].Old})
		}
		if again, err := Apply(out, back); err != nil || string(again) != c.src {
			t.Fatalf("%q came back as %q, %v", c.src, again, err)
		}
	})
}
