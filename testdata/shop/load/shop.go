// Package load is the demo shop's users: the load of package bluegate/deploy/drill/load, with the shop's paths, and with
// what the shop says of each answer.
//
//	users, err := load.Start(ctx, "http://127.0.0.1:8080", load.Options{})
//	…
//	record := users.Stop()
//	if record.Lost() > 0 { fmt.Print(record) }
package load

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"bluegate/deploy/drill/load"
)

// What the users' record is made of.
type (
	Client  = load.Client
	Record  = load.Record
	Request = load.Request
	Count   = load.Count
	Kind    = load.Kind
)

// The kinds of user of the shop.
const (
	NoKeepAlive   = load.NoKeepAlive
	KeepAlive     = load.KeepAlive
	KeepAlivePost = load.KeepAlivePost
	Long          = load.Long
	Upload        = load.Upload
	Stream        = load.Stream
)

// Settle is how long one colour must be alone on new connections for a change to be over.
const Settle = load.Settle

// AllKinds returns every kind that the shop has something for, in the order in which they are reported.
func AllKinds() []Kind {
	return slices.DeleteFunc(load.AllKinds(), func(k Kind) bool { return k == load.WebSocket })
}

// Options says who the users are. The zero value is a load that two cores carry next to the shop, nginx and a
// deployment.
type Options struct {
	Kinds        []Kind        // which kinds of user; all of them by default
	Paths        []string      // where each upstream of the shop begins; "/" and "/signal/" by default
	Workers      int           // users of each kind; 4 by default
	Rate         int           // short requests per second of all users together, at most on average; 300 by default
	Long         time.Duration // how long a long request takes; 1s by default
	Upload       time.Duration // how long an upload's body takes to send; 300ms by default
	Stream       time.Duration // how long a stream continues; 2s by default
	Timeout      time.Duration // how long any request may take beyond that; 10s by default
	KeepFailures int           // how many failed requests Record.Failures holds; 20 by default
}

// Start begins to send requests to baseURL and continues until Stop, or until ctx is done. It refuses a host that is
// not this machine.
func Start(ctx context.Context, baseURL string, options Options) (*Client, error) {
	o, err := options.calls()
	if err != nil {
		return nil, err
	}
	return load.Start(ctx, baseURL, o)
}

// calls are the options with what each kind of user asks of the shop.
func (o Options) calls() (load.Options, error) {
	o.Long = cmp.Or(o.Long, time.Second)
	o.Upload = cmp.Or(o.Upload, 300*time.Millisecond)
	o.Stream = cmp.Or(o.Stream, 2*time.Second)
	if len(o.Kinds) == 0 {
		o.Kinds = AllKinds()
	}
	if len(o.Paths) == 0 {
		o.Paths = []string{"/", "/signal/"}
	}
	all := map[Kind][]load.Call{}
	for _, kind := range o.Kinds {
		for _, path := range o.Paths {
			if !strings.HasPrefix(path, "/") || !strings.HasSuffix(path, "/") {
				return load.Options{}, fmt.Errorf("load: path %q must begin and end with a slash", path)
			}
			call, err := o.call(kind, path)
			if err != nil {
				return load.Options{}, err
			}
			all[kind] = append(all[kind], call)
		}
	}
	if min(o.Long, o.Upload, o.Stream) < 0 {
		return load.Options{}, fmt.Errorf("load: negative option in %+v", o)
	}
	return load.Options{
		Calls: all, Workers: o.Workers, Rate: o.Rate, Timeout: o.Timeout, KeepFailures: o.KeepFailures,
		Local: true, ColourHeader: "X-Colour", VersionHeader: "X-Version",
	}, nil
}

const (
	postSize    = 200
	uploadSize  = 60_000
	uploadParts = 10
)

// call is what users of a kind ask of the upstream that begins at path.
func (o Options) call(kind Kind, path string) (load.Call, error) {
	c := load.Call{Name: path, Method: http.MethodGet, Path: path, Status: http.StatusOK, Whole: oneLine}
	switch kind {
	case NoKeepAlive, KeepAlive:
	case KeepAlivePost:
		c.Method, c.Path, c.Body, c.Size, c.Whole = http.MethodPost, path+"upload", load.Zeros(postSize), postSize, received(postSize)
	case Long:
		c.Path, c.Takes = path+"slow?for="+o.Long.String(), o.Long
	case Upload:
		c.Method, c.Path, c.Takes, c.Whole = http.MethodPost, path+"upload", o.Upload, received(uploadSize)
		c.Body, c.Size = load.Pieces(uploadSize, uploadParts, o.Upload), uploadSize
	case Stream:
		c.Path = fmt.Sprintf("%sstream?for=%s&every=%s", path, o.Stream, max(o.Stream/20, time.Millisecond))
		c.Takes, c.Whole = o.Stream, ended
	default:
		return c, fmt.Errorf("load: unknown kind %q", kind)
	}
	return c, nil
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
