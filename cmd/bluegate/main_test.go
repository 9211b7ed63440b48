package main

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"bluegate": main})
}

// Each test of the command line is a script of commands.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:  filepath.Join("testdata", "script"),
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"report": reportOf, "code": code, "timeless": timeless},
	})
}

// code runs bluegate and checks its exit code: code 2 deploy purple
func code(ts *testscript.TestScript, _ bool, args []string) {
	want := args[0]
	err := ts.Exec("bluegate", args[1:]...)
	got := "0"
	if err != nil {
		got = exitCode(err)
	}
	if got != want {
		ts.Fatalf("bluegate %v: exit code %s, want %s", args[1:], got, want)
	}
}

// timeless writes the last output into a file, without how long the command took: timeless FILE
func timeless(ts *testscript.TestScript, _ bool, args []string) {
	text := regexp.MustCompile(`"duration_ms": \d+`).ReplaceAllString(ts.ReadFile("stdout"), `"duration_ms": 0`)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o644))
}

// reportOf checks that a file contains one JSON object that matches the schema: report stdout
func reportOf(ts *testscript.TestScript, _ bool, args []string) {
	schema, err := jsonschema.NewCompiler().Compile(filepath.Join(os.Getenv("BLUEGATE_TEST_DIR"), "ui", "report.schema.json"))
	ts.Check(err)
	v, err := unmarshal(ts.ReadFile(args[0]))
	ts.Check(err)
	ts.Check(schema.Validate(v))
}
