package main

import (
	"slices"
	"testing"
)

func TestIsPlugin(t *testing.T) {
	for _, c := range []struct {
		argv0, arg, told string
		want             bool
	}{
		{"/root/.docker/cli-plugins/docker-bluegate", "bluegate", "docker", true},
		{`docker-bluegate.exe`, "--context", "docker", true},
		{"docker-bluegate", "docker-cli-plugin-metadata", "", true},
		{"docker-bluegate", "deploy", "", false}, // called by a person
		{"bluegate", "deploy", "docker", false},  // called by a hook of a deployment that docker started
	} {
		if got := isPlugin(c.argv0, []string{c.arg}, func(string) string { return c.told }); got != c.want {
			t.Errorf("%s %s: %v", c.argv0, c.arg, got)
		}
	}
}

func TestPluginArguments(t *testing.T) {
	for _, c := range []struct{ args, docker, own []string }{
		{[]string{"bluegate", "deploy", "green", "--dry-run"}, nil, []string{"deploy", "green", "--dry-run"}},
		{[]string{"--context", "bluegate", "-D", "bluegate", "deploy", "bluegate"}, []string{"--context", "bluegate", "-D"}, []string{"deploy", "bluegate"}},
		{[]string{"-H", "ssh://a", "--config=/x", "--tlsverify", "bluegate", "status", "--host", "b"}, []string{"-H", "ssh://a", "--config=/x", "--tlsverify"}, []string{"status", "--host", "b"}},
		{[]string{"help", "bluegate"}, nil, []string{"help"}},
		{[]string{"help", "bluegate", "deploy"}, nil, []string{"help", "deploy"}},
		{[]string{"__complete", "bluegate", "deploy", ""}, nil, []string{"__complete", "deploy", ""}},
		{[]string{"bluegate"}, nil, nil},
		{[]string{"docker-cli-plugin-metadata"}, nil, []string{"docker-cli-plugin-metadata"}},
	} {
		docker, own, err := pluginArguments(c.args)
		if err != nil || !slices.Equal(docker, c.docker) || !slices.Equal(own, c.own) {
			t.Errorf("%q: %q and %q, %v", c.args, docker, own, err)
		}
	}
	if _, _, err := pluginArguments([]string{"--no-such-flag", "bluegate"}); err == nil {
		t.Error("a flag that docker does not have was taken")
	}
}
