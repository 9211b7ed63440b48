package main

import (
	"strings"
	"testing"
	"time"
)

// env is an environment of its own for one test.
type env map[string]string

func (e env) get(name string) string { return e[name] }

func TestDefaults(t *testing.T) {
	// Compose hands a variable on as empty when nobody has set it.
	cfg, err := readConfig(env{"CRASH_AFTER": "", "EXIT_CODE": "", "HANG": ""}.get)
	if err != nil {
		t.Fatal(err)
	}
	want := faults{exitCode: 3, crashAfter: never, oomAfter: never}
	if cfg.faults != want {
		t.Errorf("without faults in the environment: %+v, want %+v", cfg.faults, want)
	}
	if got := cfg.String(); got != "was blue v1 on 0.0.0.0:3000" {
		t.Errorf("log line %q", got)
	}
}

func TestFaultsAreReadAndShown(t *testing.T) {
	cfg, err := readConfig(env{
		"SERVICE": "signal", "COLOUR": "green", "VERSION": "v3", "PORT": "3003", "LISTEN": "127.0.0.1",
		"HEALTHY_AFTER": "2s", "NEVER_HEALTHY": "1", "FLAP": "3s", "HANG": "true", "SLOW": "10ms",
		"CRASH_AFTER": "0s", "EXIT_CODE": "0", "OOM_AFTER": "4s", "IGNORE_SIGTERM": "1", "ERRORS": "20", "TELL": "1",
	}.get)
	if err != nil {
		t.Fatal(err)
	}
	want := faults{2 * time.Second, true, 3 * time.Second, true, 10 * time.Millisecond, 0, 0, 4 * time.Second, true, 20, true}
	if cfg.faults != want {
		t.Errorf("got %+v, want %+v", cfg.faults, want)
	}
	line := "signal green v3 on 127.0.0.1:3003 with HEALTHY_AFTER=2s NEVER_HEALTHY=1 FLAP=3s HANG=true SLOW=10ms " +
		"CRASH_AFTER=0s EXIT_CODE=0 OOM_AFTER=4s IGNORE_SIGTERM=1 ERRORS=20 TELL=1"
	if got := cfg.String(); got != line {
		t.Errorf("log line\n%s\nwant\n%s", got, line)
	}
}

func TestMisspeltFaultIsNoGoodRelease(t *testing.T) {
	for name, value := range map[string]string{
		"FLAP": "2", "SLOW": "-1s", "HANG": "maybe", "NEVER_HEALTHY": "2", "EXIT_CODE": "256", "OOM_AFTER": "later",
	} {
		_, err := readConfig(env{name: value}.get)
		if err == nil || !strings.Contains(err.Error(), name+"="+value) {
			t.Errorf("%s=%s: error %v, want one that names it", name, value, err)
		}
	}
}
