package load

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// Kind is a kind of user. What a switch can break differs from one to the next.
type Kind string

const (
	NoKeepAlive   Kind = "no-keepalive"   // GET, each on a connection of its own: nothing but the switch can fail it
	KeepAlive     Kind = "keepalive"      // GET on one connection, sent again as Go does when nginx has closed it
	KeepAlivePost Kind = "keepalive-post" // POST on one connection, which must not be sent again: the first to be lost
	Long          Kind = "long"           // GET that takes long: cut when the old colour is stopped too early
	Upload        Kind = "upload"         // POST whose body is sent in pieces
	Stream        Kind = "stream"         // GET answered piece by piece
)

// AllKinds returns every kind, in the order in which they are reported.
func AllKinds() []Kind {
	return []Kind{NoKeepAlive, KeepAlive, KeepAlivePost, Long, Upload, Stream}
}

const (
	postSize    = 200
	uploadSize  = 60_000
	uploadParts = 10
)

// call is what one request of a kind is made of.
type call struct {
	method string
	path   string        // below the upstream's own path
	body   io.Reader     // nil for a GET
	size   int64         // of body
	takes  time.Duration // how long it takes when all is well
	// whole returns what is missing in the body of an answer that arrived without an error.
	whole func(answer []byte) error
}

func (k Kind) call(o Options) call {
	switch k {
	case KeepAlivePost:
		body := bytes.NewReader(make([]byte, postSize))
		return call{method: "POST", path: "upload", body: body, size: postSize, whole: received(postSize)}
	case Long:
		return call{method: "GET", path: "slow?for=" + o.Long.String(), takes: o.Long, whole: oneLine}
	case Upload:
		body := &pieces{left: uploadSize, size: uploadSize / uploadParts, pause: o.Upload / uploadParts}
		return call{method: "POST", path: "upload", body: body, size: uploadSize, takes: o.Upload, whole: received(uploadSize)}
	case Stream:
		path := fmt.Sprintf("stream?for=%s&every=%s", o.Stream, max(o.Stream/20, time.Millisecond))
		return call{method: "GET", path: path, takes: o.Stream, whole: ended}
	}
	return call{method: "GET", whole: oneLine}
}

// keepsAlive reports whether the users of this kind keep their connection. Those whose requests take long do not:
// what they lose is then lost by the switch, and not by the race for an idle connection that KeepAlivePost shows.
func (k Kind) keepsAlive() bool {
	return k == KeepAlive || k == KeepAlivePost
}

func oneLine(answer []byte) error {
	if !bytes.HasSuffix(answer, []byte("\n")) {
		return fmt.Errorf("cut: the answer is %q", answer)
	}
	return nil
}

func ended(answer []byte) error {
	if !bytes.HasSuffix(answer, []byte("\nend\n")) {
		return fmt.Errorf("cut: the stream stopped after %d bytes", len(answer))
	}
	return nil
}

// received checks that the shop got the whole body, as its answer says.
func received(size int64) func([]byte) error {
	return func(answer []byte) error {
		var got struct {
			Bytes int64 `json:"bytes"`
		}
		if err := json.Unmarshal(answer, &got); err != nil {
			return fmt.Errorf("cut: the answer is %q", answer)
		}
		if got.Bytes != size {
			return fmt.Errorf("cut: the shop received %d bytes of %d", got.Bytes, size)
		}
		return nil
	}
}

// pieces is a body that comes a piece at a time, as from a phone.
type pieces struct {
	left  int
	size  int
	pause time.Duration
}

func (p *pieces) Read(buffer []byte) (int, error) {
	if p.left == 0 {
		return 0, io.EOF
	}
	time.Sleep(p.pause)
	n := min(p.left, p.size, len(buffer))
	clear(buffer[:n])
	p.left -= n
	return n, nil
}
