package strict

import (
	"errors"
	"reflect"
	"testing"
	"time"
)

type section struct {
	Span  time.Duration `yaml:"span"`
	Word  string        `yaml:"word" choice:"one two"`
	Count int           `yaml:"count"`
	On    bool          `yaml:"on"`
}

type free struct {
	Env  map[string]string `yaml:"env"`
	Keys map[string]string `yaml:",inline" environment:"port"`
}

type whole struct {
	Name    string          `yaml:"name"`
	Section section         `yaml:"section"`
	Lines   [][]string      `yaml:"lines"`
	Items   []section       `yaml:"items"`
	Sides   map[string]free `yaml:"sides" choice:"left right"`

	unread int
}

const everything = `# a comment
name: 1.10
section: {span: 1m30s, word: two, count: 3, on: true}
lines: [[a, "b c"], ['d']]
items:
- span: 2s
- {word: one}
sides:
  left:
    env: {A: yes, B: 017}
    port: 8081
    other: |
      two
      lines
`

func environment(pairs map[string]string) Environment {
	return Environment{Prefix: "APP", Getenv: func(name string) string { return pairs[name] }}
}

func TestRead(t *testing.T) {
	var got whole
	v, err := Read("f.yml", []byte(everything), environment(nil), &got)
	want := whole{
		Name: "1.10", Section: section{90 * time.Second, "two", 3, true}, Lines: [][]string{{"a", "b c"}, {"d"}},
		Items: []section{{Span: 2 * time.Second}, {Word: "one"}},
		Sides: map[string]free{"left": {map[string]string{"A": "yes", "B": "017"}, map[string]string{"port": "8081", "other": "two\nlines\n"}}},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("%+v, %v\nwant %+v", got, err, want)
	}
	for key, want := range map[string]string{
		"name": "f.yml:2:7", "section": "f.yml:3:11", "section.span": "f.yml:3:17", "lines[0][1]": "f.yml:4:13", "items[1].word": "f.yml:7:10",
		"sides.left.env.B": "f.yml:10:22", "sides.left.port": "f.yml:11:11",
	} {
		if got := v.Origins[key].String(); got != want {
			t.Errorf("%s stands at %s, want %s", key, got, want)
		}
	}
	if v.Has("section.other") || v.Has("sides.right") {
		t.Errorf("%v", v.Origins)
	}
}

func TestEnvironmentOverrulesTheFile(t *testing.T) {
	env := environment(map[string]string{
		"APP_NAME": "n", "APP_SECTION_SPAN": "7s", "APP_SECTION_ON": "true", "APP_SIDES_LEFT_OTHER": "o", "APP_SIDES_RIGHT_PORT": "1", "APP_ITEMS_0_SPAN": "9s", "APP_SIDES_LEFT_ENV_A": "no",
	})
	var got whole
	v, err := Read("f.yml", []byte(everything), env, &got)
	left, right := got.Sides["left"], got.Sides["right"]
	if err != nil || got.Name != "n" || got.Section.Span != 7*time.Second || got.Section.Word != "two" || left.Keys["other"] != "o" || left.Keys["port"] != "8081" || right.Keys["port"] != "1" {
		t.Errorf("%+v, %v", got, err)
	}
	if left.Env["A"] != "yes" || got.Items[0].Span != 2*time.Second {
		t.Errorf("what has no name of its own was overruled: %+v", got)
	}
	if origin := v.Origins["section.span"]; origin.String() != "APP_SECTION_SPAN" || v.Origins["section.word"].Variable != "" {
		t.Errorf("%+v", v.Origins)
	}
	var alone whole
	if _, err := Read("f.yml", nil, env, &alone); err != nil || alone.Section.Span != 7*time.Second || alone.Sides["right"].Keys["port"] != "1" {
		t.Errorf("without a file: %+v, %v", alone, err)
	}
	_, err = Read("f.yml", nil, environment(map[string]string{"APP_SECTION_COUNT": "many"}), &alone)
	if want := `APP_SECTION_COUNT: section.count: invalid number "many": must be a whole number`; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

// For any bytes, Read returns a value or an error with a place in the file, and never panics.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{everything, "", "name: &a b\n", "? [a]\n: b\n", "- a\n--- \n...\n", "{", "a: |", "<<: *x", "name: !!binary a", "section:\n\tspan: 5s\n", "name: 'a\n", "\xef\xbb\xbfname: a"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var got whole
		_, err := Read("f.yml", []byte(text), Environment{}, &got)
		var placed *Error
		if err != nil && !errors.As(err, &placed) {
			t.Errorf("%q: %v", text, err)
		}
		if got.unread != 0 {
			t.Errorf("%q wrote a field that has no key", text)
		}
	})
}
