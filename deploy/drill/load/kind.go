package load

import (
	"bytes"
	"io"
	"time"
)

// Kind is a kind of user. What a switch can break differs from one to the next.
type Kind string

// The kinds. The package's comment says what of each is lost.
const (
	NoKeepAlive   Kind = "no-keepalive"   // GET, each on a connection of its own: nothing but the switch can fail it
	KeepAlive     Kind = "keepalive"      // GET on one connection, sent again as Go does when nginx has closed it
	KeepAlivePost Kind = "keepalive-post" // POST on one connection, which must not be sent again: the first to be lost
	Long          Kind = "long"           // GET that takes long: cut when the old colour is stopped too early
	Upload        Kind = "upload"         // POST whose body is sent in pieces
	Stream        Kind = "stream"         // GET answered piece by piece
	WebSocket     Kind = "websocket"      // a connection that is upgraded, and stays open
)

// AllKinds returns every kind, in the order in which they are reported.
func AllKinds() []Kind {
	return []Kind{NoKeepAlive, KeepAlive, KeepAlivePost, Long, Upload, Stream, WebSocket}
}

// keepsAlive reports whether the users of this kind keep their connection. Those whose requests take long do not:
// what they lose is then lost by the switch, and not by the race for an idle connection that KeepAlivePost shows.
func (k Kind) keepsAlive() bool {
	return k == KeepAlive || k == KeepAlivePost
}

// Posts reports whether the users of this kind send something that may have an effect.
func (k Kind) Posts() bool { return k == KeepAlivePost || k == Upload }

// Call is one request that users of a kind send again and again, and what a complete answer to it is.
type Call struct {
	// Name is what Request.Path says; empty: Path.
	Name   string
	Method string
	Path   string // with its query
	// Body makes the body of one request, of Size bytes; nil: it has none.
	Body func() io.Reader
	Size int64
	// Takes is how long the request takes when all is well, and Hold how long it is kept open at most, until its client
	// has had enough.
	Takes, Hold time.Duration
	// Endless says that the answer does not end before Hold.
	Endless bool
	Status  int // of a complete answer
	// Whole returns what is missing in an answer that arrived without an error, by the end of its body; nil: nothing is.
	Whole func(end []byte) error
}

func (c Call) name() string {
	if c.Name != "" {
		return c.Name
	}
	return c.Path
}

// lasts is how long the request is in flight when all is well.
func (c Call) lasts() time.Duration { return max(c.Takes, c.Hold) }

// Zeros makes bodies of size bytes that are sent at once.
func Zeros(size int64) func() io.Reader {
	return func() io.Reader { return bytes.NewReader(make([]byte, size)) }
}

// Pieces makes bodies of size bytes that are sent in parts, with pauses, as from a phone. All of it takes about as long as
// takes.
func Pieces(size int64, parts int, takes time.Duration) func() io.Reader {
	return func() io.Reader {
		return &pieces{left: int(size), size: int(size) / parts, pause: takes / time.Duration(parts)}
	}
}

// pieces is a body that comes a piece at a time.
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
