package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestExitCodes(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Colour", "green")
		if r.Method == http.MethodPost {
			w.WriteHeader(http.StatusBadGateway)
		}
		fmt.Fprintln(w, "home")
	}))
	defer server.Close()
	for _, test := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"--kinds", "no-keepalive,keepalive", server.URL}, exitNothingLost, "no-keepalive "},
		{[]string{"--kinds", "keepalive,keepalive-post", server.URL}, exitLost, "502 Bad Gateway"},
		{[]string{}, exitUsage, "usage: load"},
		{[]string{"--kinds", "websocket", server.URL}, exitUsage, `unknown kind "websocket"`},
		{[]string{"http://192.0.2.1"}, exitUsage, "is not this machine"},
		{[]string{"--for", "soon", server.URL}, exitUsage, "usage: load"},
	} {
		var output bytes.Buffer
		args := append([]string{"--for", "100ms", "--rate", "500"}, test.args...)
		if code := run(t.Context(), args, &output, &output); code != test.code || !strings.Contains(output.String(), test.want) {
			t.Errorf("run(%q) = %d, want %d and %q:\n%s", args, code, test.code, test.want, &output)
		}
	}
}
