package instance

import (
	"bytes"
	"context"
	"os"
)

// Tracked proves that a path of the engine's host is this machine's too, by its bytes, and finds the git repository that
// tracks it. Both are empty where the engine is another machine's.
func Tracked(ctx context.Context, file string, content []byte) (host, repository string) {
	if file == "" {
		return "", ""
	}
	here, err := os.ReadFile(file)
	if err != nil || !bytes.Equal(here, content) {
		return "", ""
	}
	return file, GitRoot(ctx, file)
}
