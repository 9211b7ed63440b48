package load

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// quick are users of an application like the demo shop, whose long requests are short enough for a unit test.
func quick(kinds ...Kind) Options {
	const short = 20 * time.Millisecond
	o := Options{Calls: map[Kind][]Call{}, Rate: 500, Timeout: 2 * time.Second, Local: true, ColourHeader: "X-Colour", VersionHeader: "X-Version"}
	if len(kinds) == 0 {
		kinds = AllKinds()
	}
	for _, kind := range kinds {
		for _, path := range []string{"/", "/signal/"} {
			call := Call{Name: path, Method: "GET", Path: path, Status: 200, Whole: endsWith("\n")}
			switch kind {
			case KeepAlivePost:
				call.Method, call.Path, call.Body, call.Size, call.Whole = "POST", path+"upload", Zeros(200), 200, received(200)
			case Long:
				call.Path, call.Takes = path+"slow?for="+short.String(), short
			case Upload:
				call.Method, call.Path, call.Body, call.Size, call.Whole = "POST", path+"upload", Pieces(60_000, 10, short), 60_000, received(60_000)
				call.Takes = short
			case Stream:
				call.Path, call.Takes, call.Whole = path+"stream", short, endsWith("\nend\n")
			case WebSocket:
				call.Path, call.Hold, call.Status, call.Whole = path+"socket", short, 101, nil
			}
			o.Calls[kind] = append(o.Calls[kind], call)
		}
	}
	return o
}

func endsWith(end string) func([]byte) error {
	return func(answer []byte) error {
		if !bytes.HasSuffix(answer, []byte(end)) {
			return fmt.Errorf("cut: the answer is %q", answer)
		}
		return nil
	}
}

func received(size int) func([]byte) error {
	return func(answer []byte) error {
		var got struct{ Bytes int }
		if err := json.Unmarshal(answer, &got); err != nil {
			return errors.New("cut: " + err.Error())
		}
		if got.Bytes != size {
			return fmt.Errorf("cut: received %d bytes of %d", got.Bytes, size)
		}
		return nil
	}
}
