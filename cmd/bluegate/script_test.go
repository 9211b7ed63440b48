package main

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

func init() {
	dir, err := os.Getwd()
	if err == nil && os.Getenv("BLUEGATE_TEST_DIR") == "" {
		_ = os.Setenv("BLUEGATE_TEST_DIR", dir)
	}
}

func exitCode(err error) string {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return strconv.Itoa(exit.ExitCode())
	}
	return err.Error()
}

// unmarshal accepts exactly one JSON value.
func unmarshal(text string) (any, error) {
	r := strings.NewReader(text)
	v, err := jsonschema.UnmarshalJSON(r)
	if err != nil {
		return nil, err
	}
	if rest, _ := io.ReadAll(r); len(strings.TrimSpace(string(rest))) > 0 {
		return nil, errors.New("there is something after the object: " + string(rest))
	}
	return v, nil
}
