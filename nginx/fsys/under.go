package fsys

import (
	"path"
	"strings"
)

// Under says whether a path is a directory or lies below it.
func Under(file, dir string) bool {
	dir = path.Clean(dir)
	return file == dir || strings.HasPrefix(file, strings.TrimSuffix(dir, "/")+"/")
}
