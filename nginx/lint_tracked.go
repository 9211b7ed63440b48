package nginx

import (
	"bytes"
	"context"
	"os"

	"bluegate/nginx/lint"
)

// tracked proves that a path of the engine's host is this machine's too, by its bytes, and finds the git repository that
// tracks it. Both are empty where the engine is another machine's.
func tracked(ctx context.Context, file string, content []byte) (host, repository string) {
	if file == "" {
		return "", ""
	}
	here, err := os.ReadFile(file)
	if err != nil || !bytes.Equal(here, content) {
		return "", ""
	}
	return file, lint.GitRoot(ctx, file)
}
