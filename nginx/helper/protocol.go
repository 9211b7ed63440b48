// Package helper asks and does what must be asked and done from where nginx stands: in its network namespace, where its
// names resolve, and with the mounts that hold its configuration. Serve runs in a small container beside nginx; Client
// speaks to it over that container's standard streams, one JSON object a line, so that it works on remote engines too.
package helper

import "time"

// Request is one question. Exactly one of its parts is set.
type Request struct {
	ID      int      `json:"id"`
	Reach   *Reach   `json:"reach,omitempty"`
	Replace *Replace `json:"replace,omitempty"`
}

// Reach resolves a name and connects to every address that it has.
type Reach struct {
	Host    string        `json:"host"`
	Port    int           `json:"port"`
	Timeout time.Duration `json:"timeout"`
}

// Replace replaces a file's content, if its content is still Old. Owner and mode stay. Where the file's directory is
// mounted this is a rename; where the file itself is mounted it cannot be, and the same inode is written.
type Replace struct {
	Path string `json:"path"`
	Old  []byte `json:"old"`
	New  []byte `json:"new"`
	// ModTime is given to the file when it is not zero: bytes that are put back get their old time back with them.
	ModTime time.Time `json:"mod_time"`
}

// Response answers the request of the same id.
type Response struct {
	ID        int       `json:"id"`
	Error     string    `json:"error,omitempty"`
	Addresses []Address `json:"addresses,omitempty"` // Reach
	Changed   bool      `json:"changed,omitempty"`   // Replace refused: the file holds neither Old nor New
	Atomic    bool      `json:"atomic,omitempty"`    // Replace was a rename
}

// Address is one address of a name and what came of connecting to it.
type Address struct {
	IP    string `json:"ip"`
	Error string `json:"error,omitempty"`
}
