//go:build unix

package config

import (
	"io/fs"
	"syscall"
	"testing"
	"time"
)

// owned is a file of a user and a group.
type owned struct {
	mode     fs.FileMode
	uid, gid uint32
}

func (o owned) Name() string       { return "bluegate.yml" }
func (o owned) Size() int64        { return 0 }
func (o owned) Mode() fs.FileMode  { return o.mode }
func (o owned) ModTime() time.Time { return time.Time{} }
func (o owned) IsDir() bool        { return false }
func (o owned) Sys() any           { return &syscall.Stat_t{Uid: o.uid, Gid: o.gid} }

func TestSharedGroup(t *testing.T) {
	for name, c := range map[string]struct {
		file   owned
		shared bool
	}{
		"the group may only read":                        {owned{0o644, 1000, 33}, false},
		"a user's own group, as a umask of 002 gives it": {owned{0o664, 1000, 1000}, false},
		"root's group":                                   {owned{0o664, 1000, 0}, false},
		"a group of many":                                {owned{0o664, 1000, 33}, true},
		"a group of many, and root's file":               {owned{0o660, 0, 33}, true},
	} {
		if group, shared := sharedGroup(c.file); shared != c.shared || shared && group != c.file.gid {
			t.Errorf("%s: %d, %v", name, group, shared)
		}
	}
}
