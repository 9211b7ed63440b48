package load

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

func TestWrongOptions(t *testing.T) {
	for _, options := range []Options{
		{Kinds: []Kind{"websocket"}}, {Paths: []string{"signal/"}}, {Paths: []string{"/signal"}}, {Workers: -1},
		{Workers: 51}, {Rate: -1}, {Rate: 2001}, {Long: -1}, {Timeout: -time.Second}, {KeepFailures: -1},
	} {
		if client, err := Start(t.Context(), "http://127.0.0.1:1", options); err == nil {
			client.Stop()
			t.Errorf("%+v was accepted", options)
		}
	}
	if client, err := Start(t.Context(), "http://192.0.2.1", Options{}); err == nil {
		client.Stop()
		t.Error("another machine was accepted")
	}
}

// A shop answers, and one that cuts what takes long does not get away with it.
func TestEachKindAsksTheShop(t *testing.T) {
	for _, cuts := range []bool{false, true} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Colour", "blue")
			end := map[bool]string{true: "", false: "end\n"}[cuts]
			switch r.URL.Path {
			case "/":
				fmt.Fprintln(w, "home")
			case "/slow":
				fmt.Fprint(w, end)
			case "/stream":
				fmt.Fprint(w, "blue 1\n", end)
			case "/upload":
				size, _ := io.Copy(io.Discard, r.Body)
				if cuts {
					size--
				}
				fmt.Fprintf(w, `{"bytes":%d}`, size)
			}
		}))
		users, err := Start(t.Context(), server.URL, Options{Paths: []string{"/"}, Long: time.Millisecond, Upload: time.Millisecond, Stream: time.Millisecond, Rate: 500})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(200 * time.Millisecond)
		record := users.Stop()
		server.Close()
		for _, kind := range AllKinds() {
			lost := cuts && kind != NoKeepAlive && kind != KeepAlive
			if count := record.Counts[kind]; count.Requests == 0 || (count.Failed > 0) != lost || lost && count.Failed < count.Requests {
				t.Errorf("cuts %t, %s: %+v", cuts, kind, count)
			}
		}
	}
}
