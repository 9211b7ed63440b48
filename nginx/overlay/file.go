// Package overlay runs a command that sees some files of this machine changed while nobody else does: in a mount
// namespace of its own. So a coming configuration is tested at the very paths that it is for, and the live files are not
// touched.
//
// A process cannot enter a new mount namespace once it has threads, as every Go program has. So Command makes a command
// line of this executable, which has to call Main; Main rearranges the mounts and becomes the command.
package overlay

import "os"

// File is how a path is to look. Its directory must be there.
type File struct {
	Path    string      `json:"path"` // absolute, and without links in its directory
	Content []byte      `json:"content"`
	Link    string      `json:"link,omitempty"` // a symbolic link instead
	Absent  bool        `json:"absent,omitempty"`
	Mode    os.FileMode `json:"mode"`
	UID     int         `json:"uid"`
	GID     int         `json:"gid"`
}
