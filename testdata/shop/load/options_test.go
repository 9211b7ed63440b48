package load

import (
	"testing"
	"time"
)

func TestOnlyThisMachine(t *testing.T) {
	for _, url := range []string{"http://127.0.0.1:1", "http://127.8.0.1", "http://[::1]:8080/", "http://localhost:8080"} {
		if _, err := parseLoopback(url); err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
	for _, url := range []string{
		"http://192.0.2.1", "http://example.com", "http://0.0.0.0:80", "http://127.0.0.1.example.com", "http://",
		"https://127.0.0.1", "127.0.0.1:8080", "http://user@10.0.0.1@127.0.0.2:x",
	} {
		if client, err := Start(t.Context(), url, Options{}); err == nil {
			client.Stop()
			t.Errorf("%s was accepted", url)
		}
	}
	if err := onlyLoopback("tcp", "192.0.2.1:80", nil); err == nil {
		t.Error("a name that resolves to another machine would be dialled")
	}
}

func TestWrongOptions(t *testing.T) {
	for _, options := range []Options{
		{Kinds: []Kind{"websocket"}}, {Paths: []string{"signal/"}}, {Paths: []string{"/signal"}}, {Workers: -1},
		{Workers: 51}, {Rate: -1}, {Rate: 2001}, {Long: -1}, {Timeout: -time.Second}, {KeepFailures: -1},
	} {
		if _, err := options.withDefaults(); err == nil {
			t.Errorf("%+v was accepted", options)
		}
	}
}
