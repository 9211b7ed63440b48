//go:build unix

package config

import (
	"io/fs"
	"os"
	"syscall"
)

// HasPermissions says that files have an owner and permissions, so that bluegate.yml can be refused for them.
const HasPermissions = true

// openFlags make an open neither wait for the writer of a pipe nor follow a link.
const openFlags = syscall.O_NONBLOCK | syscall.O_NOFOLLOW

// foreignOwner returns the owner of a file if that is neither root, nor the user of this process, nor the owner of the
// folder, who could replace the file anyway.
func foreignOwner(file, folder fs.FileInfo) (owner uint32, stranger bool) {
	f, ok1 := file.Sys().(*syscall.Stat_t)
	d, ok2 := folder.Sys().(*syscall.Stat_t)
	if !ok1 || !ok2 {
		return 0, false
	}
	return f.Uid, f.Uid != 0 && f.Uid != d.Uid && int(f.Uid) != os.Geteuid()
}

// sharedGroup returns the group of a file or folder that its group may write to, if others than its owner may belong to
// it. By convention the group whose number is the owner's has no other member.
func sharedGroup(info fs.FileInfo) (group uint32, shared bool) {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || info.Mode().Perm()&0o020 == 0 {
		return 0, false
	}
	return st.Gid, st.Gid != 0 && st.Gid != st.Uid
}
