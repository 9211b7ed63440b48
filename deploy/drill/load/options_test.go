package load

import (
	"testing"
	"time"
)

func TestOnlyThisMachine(t *testing.T) {
	for _, url := range []string{"http://127.0.0.1:1", "http://127.8.0.1", "http://[::1]:8080/", "http://localhost:8080"} {
		if _, err := (Options{Local: true}).parse(url); err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
	for _, url := range []string{
		"http://192.0.2.1", "http://example.com", "http://0.0.0.0:80", "http://127.0.0.1.example.com", "http://",
		"https://127.0.0.1", "127.0.0.1:8080", "http://user@10.0.0.1@127.0.0.2:x",
	} {
		if client, err := Start(t.Context(), url, quick()); err == nil {
			client.Stop()
			t.Errorf("%s was accepted", url)
		}
	}
	if err := onlyLoopback("tcp", "192.0.2.1:80", nil); err == nil {
		t.Error("a name that resolves to another machine would be dialled")
	}
}

func TestOtherMachines(t *testing.T) {
	for _, url := range []string{"http://192.0.2.1", "https://example.com", "http://[2001:db8::1]:80"} {
		if _, err := (Options{}).parse(url); err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
	for _, url := range []string{"ftp://example.com", "example.com", "http://", "http://%zz"} {
		if _, err := (Options{}).parse(url); err == nil {
			t.Errorf("%s was accepted", url)
		}
	}
}

func TestWrongOptions(t *testing.T) {
	get := Call{Method: "GET", Path: "/", Status: 200}
	calls := map[Kind][]Call{NoKeepAlive: {get}}
	for _, options := range []Options{
		{}, {Calls: map[Kind][]Call{"carrier-pigeon": {get}}}, {Calls: map[Kind][]Call{Long: {{Path: "slow"}}}}, {Calls: map[Kind][]Call{Long: {{Path: "/", Takes: -1}}}},
		{Calls: calls, Workers: -1}, {Calls: calls, Workers: 51}, {Calls: calls, Rate: -1}, {Calls: calls, Rate: 2001},
		{Calls: calls, Timeout: -time.Second}, {Calls: calls, KeepFailures: -1},
	} {
		if _, err := options.withDefaults(); err == nil {
			t.Errorf("%+v was accepted", options)
		}
	}
	if _, err := (Options{Calls: calls}).withDefaults(); err != nil {
		t.Error(err)
	}
}
