package nginx

import (
	"context"
	"errors"
	"fmt"
	"time"

	"bluegate/deploy/model"
	"bluegate/nginx/instance"
)

// write puts the new bytes of every file in place of the old ones, or the other way round. It returns how many of the
// files it may have written: one that someone else changed is none of them, nor is one for which the lock had ended.
func (n *observed) write(ctx context.Context, files []model.FileChange, back bool) (int, error) {
	for i, f := range files {
		if ctx.Err() != nil { // before each: with the lock goes the right to write
			return i, context.Cause(ctx)
		}
		var stamp time.Time
		if back {
			// With its old time, a file that was put back does not look as if it had never been loaded.
			stamp, f = f.OldTime, f.Reverse()
		}
		err := n.found.Replace(ctx, f, stamp)
		switch {
		case err == nil:
			continue
		case !errors.Is(err, instance.ErrForeign) && !errors.Is(err, model.ErrLeaseLost):
			i++
		}
		return i, fmt.Errorf("write %s of %s: %w", f.Path, n.found, err)
	}
	return len(files), nil
}
