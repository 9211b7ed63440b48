package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestExitCodes(t *testing.T) {
	for _, test := range []struct {
		env  env
		code int
		log  string
	}{
		{env{"CRASH_AFTER": "10ms"}, 3, "shop: fatal: crashed, as CRASH_AFTER asks; exit 3\n"},
		{env{"CRASH_AFTER": "0s", "EXIT_CODE": "0"}, 0, "exit 0\n"},
		{env{"LISTEN": "no.such.host.invalid"}, 1, "shop: error: "},
		{env{"FLAP": "soon"}, 2, "shop: error: FLAP=soon"},
	} {
		test.env["PORT"] = "0"
		if test.env["LISTEN"] == "" {
			test.env["LISTEN"] = "127.0.0.1"
		}
		var log bytes.Buffer
		if code := run(test.env.get, &log); code != test.code || !strings.Contains(log.String(), test.log) {
			t.Errorf("run with %v = %d, %q; want %d, %q", test.env, code, &log, test.code, test.log)
		}
	}
}
