// Package agent asks and does what must be asked and done from where nginx stands: in its network namespace, where its
// names resolve, and with the mounts that hold its configuration. Serve runs in a small container next to nginx; Client
// speaks to it over that container's standard streams, one JSON object a line, so that it works on remote engines too.
package agent

import (
	"time"

	"bluegate/deploy/check"
	"bluegate/deploy/judge"
)

// ForwardArgument follows the argument that makes an executable the agent: it forwards connections then, and answers no
// questions. See package tunnel.
const ForwardArgument = "forward"

// Request is one question. Exactly one of its parts is set.
type Request struct {
	ID          int          `json:"id"`
	Reach       *Reach       `json:"reach,omitempty"`
	Replace     *Replace     `json:"replace,omitempty"`
	Apply       *Apply       `json:"apply,omitempty"`
	GiveUp      string       `json:"give_up,omitempty"` // the key of an Apply, which ends its waits
	Connections *Connections `json:"connections,omitempty"`
	Processes   *Scope       `json:"processes,omitempty"`
	File        *File        `json:"file,omitempty"`
	// Root is a process with whose root files are read and written: nginx's master. 0: the agent's own, which has mounts
	// that nginx may not write.
	Root int `json:"root,omitempty"`
	// Until is the end of the lock that whoever asks holds, by the clock of the agent's machine. A Replace or an Apply
	// does nothing from then on: the request may have waited. Zero: no limit.
	Until time.Time `json:"until,omitzero"`
	// Question is one attempt of a check.
	Question *check.Request `json:"question,omitempty"`
	Requests *Requests      `json:"requests,omitempty"`
}

// Requests asks for what nginx has logged of its requests since it was asked last. The first one makes the agent receive
// it, at a port of 127.0.0.1 in nginx's network namespace.
type Requests struct {
	Port int  `json:"port"`
	Stop bool `json:"stop,omitempty"` // after this answer it receives no more
}

// Scope says which of the processes that are seen belong to the nginx that is meant.
type Scope struct {
	// Under is a process: only it and what it has started count. 0: everything that is seen, because nginx has a PID
	// namespace of its own.
	Under int `json:"under,omitempty"`
	// Title is the master's, where a PID namespace is shared with strangers and no process is known.
	Title string `json:"title,omitempty"`
}

// Connections asks for the open TCP connections from nginx's network namespace to hosts, and to ports of any host.
type Connections struct {
	To    []string `json:"to"` // IP addresses
	Ports []int    `json:"ports,omitempty"`
}

// Reach resolves a name and connects to every address that it has.
type Reach struct {
	Host    string        `json:"host"`
	Port    int           `json:"port"`
	Timeout time.Duration `json:"timeout"`
	// Hold is how long a connection has to stay open: the engine's proxy for published ports accepts for a container in
	// which nobody listens, and closes then.
	Hold time.Duration `json:"hold,omitempty"`
}

// Replace replaces a file's content, if its content is still Old. Owner and mode stay. Where the file's directory is
// mounted this is a rename; where the file itself is mounted it cannot be, and the same inode is written. Old or New nil
// says that no file is there, or is to be.
type Replace struct {
	Path string `json:"path"`
	Old  []byte `json:"old"`
	New  []byte `json:"new"`
	// Link makes the path itself a symbolic link, and OldLink says that it is one: their targets. Old and New are what
	// is read through them. Without either, a path that is a link is followed.
	Link    string `json:"link,omitempty"`
	OldLink string `json:"old_link,omitempty"`
	// InPlace writes the same inode where a mount holds this one file. Its own mount namespace forbids a rename over it;
	// from another one the kernel does it, and takes the mount away (detach_mounts of Linux, since 3.18).
	InPlace bool `json:"in_place,omitempty"`
	// ModTime is given to the file when it is not zero: bytes that are put back get their old time back with them.
	ModTime time.Time `json:"mod_time,omitzero"`
	// Private says that only the file's owner and its group may read the new content.
	Private bool `json:"private,omitempty"`
}

// Response answers the request of the same id.
type Response struct {
	ID        int         `json:"id"`
	Error     string      `json:"error,omitempty"`
	Addresses []Address   `json:"addresses,omitempty"` // Reach
	Changed   bool        `json:"changed,omitempty"`   // Replace refused: the file holds neither Old nor New
	Late      bool        `json:"late,omitempty"`      // nothing was done: Until is over
	Atomic    bool        `json:"atomic,omitempty"`    // Replace was a rename
	Open      []Socket    `json:"open,omitempty"`      // Connections
	Processes []Process   `json:"processes,omitempty"`
	Applied   *Applied    `json:"applied,omitempty"`
	File      *FileResult `json:"file,omitempty"`
	// Answer is what came of a Question.
	Answer   *check.Result `json:"answer,omitempty"`
	Requests *judge.Batch  `json:"requests,omitempty"`
}

// Socket is one end of an open connection. The two ends together tell it from every other one of its time.
type Socket struct {
	Local  string `json:"local"` // ip:port
	Remote string `json:"remote"`
	Inode  string `json:"inode,omitempty"` // by which the kernel says whose it is
}

// Address is one address of a name and what came of connecting to it.
type Address struct {
	IP    string `json:"ip"`
	Error string `json:"error,omitempty"`
}
