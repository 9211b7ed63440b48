package fsys

import (
	"io/fs"
	"syscall"
	"time"
)

// statusOf returns when the status of a file changed, and how many names the file has. Without either, names is 0.
func statusOf(info fs.FileInfo) (at time.Time, names uint64) {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return time.Time{}, 0
	}
	return time.Unix(st.Ctim.Unix()), uint64(st.Nlink)
}

// ownerOf returns the user and the group to whom a file belongs.
func ownerOf(info fs.FileInfo) (uid, gid int) {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(st.Uid), int(st.Gid)
	}
	return 0, 0
}
