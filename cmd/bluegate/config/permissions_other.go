//go:build !unix

package config

import "io/fs"

// HasPermissions is false: the permissions that Go shows on Windows are made up from one attribute of a file, and say
// nothing about who may read or write it.
const HasPermissions = false

const openFlags = 0

func foreignOwner(_, _ fs.FileInfo) (owner uint32, stranger bool) { return 0, false }

func sharedGroup(fs.FileInfo) (group uint32, shared bool) { return 0, false }
