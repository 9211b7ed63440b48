package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"bluegate/deploy/drill"
	"bluegate/deploy/drill/load"
	"bluegate/deploy/model"
)

// Each code by which a drill says that a loss was announced is one of doctor's.
func TestAnnouncedCodesAreDoctors(t *testing.T) {
	files, err := filepath.Glob("../../nginx/lint/*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	var rules strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(file, "_test.go") {
			rules.Write(text)
		}
	}
	for _, code := range drill.Codes() {
		if !strings.Contains(rules.String(), `"`+code+`"`) {
			t.Errorf("no rule of doctor's has the code %s", code)
		}
	}
}

// settingsOfDrill reads a command line of a drill, and runs nothing.
func settingsOfDrill(t *testing.T, args ...string) (s drill.Settings, err error) {
	t.Helper()
	c := &command{process: process{Stdout: os.Stdout, Stderr: os.Stderr, Getenv: noEnvironment}, ctx: t.Context()}
	app := c.app()
	app.Command("drill").Action = func(ctx *cli.Context) error {
		s, err = drillSettings(ctx)
		return err
	}
	_ = app.Run(append([]string{"bluegate", "drill"}, args...))
	return s, err
}

func TestDrillSettings(t *testing.T) {
	s, err := settingsOfDrill(t, "--path", "/a", "--path", "/b,c", "--path", "long=/slow", "--header", "Host: shop.example.com", "--header", "Cookie: a=b: c", "--allow-post")
	if err != nil || s.Switches != 2 || s.Rate != 50 || !slices.Equal(s.Paths[load.KeepAlive], []string{"/a", "/b,c"}) || !slices.Equal(s.Paths[load.Long], []string{"/slow"}) ||
		s.Header.Get("Host") != "shop.example.com" || s.Header.Get("Cookie") != "a=b: c" || !s.AllowPost {
		t.Errorf("%+v, %v", s, err)
	}
	for _, args := range [][]string{{"--switches", "3"}, {"--switches", "0"}, {"--rate", "0"}, {"--path", "slow"}, {"--path", "upload=/x"}, {"--header", "Host"}, {"--header", ": x"}} {
		if _, err := settingsOfDrill(t, args...); !model.Is[*model.InvalidError](err) {
			t.Errorf("%q: %v", args, err)
		}
	}
}
