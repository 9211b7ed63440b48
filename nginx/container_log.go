package nginx

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/pkg/stdcopy"

	"bluegate/compose/engine"
	"bluegate/deploy/redact"
)

// emergency implements place.
func (c *contained) emergency(ctx context.Context, since time.Time) string {
	ctx, cancel := engine.Asking(ctx)
	defer cancel()
	from := since.Add(-c.opts.Skew)
	logs, err := c.engine.ContainerLogs(ctx, c.id(), container.LogsOptions{ShowStderr: true, Since: fmt.Sprintf("%d.%09d", from.Unix(), from.Nanosecond()), Tail: "200"})
	if err != nil {
		return ""
	}
	defer logs.Close()
	var text bytes.Buffer
	_, _ = stdcopy.StdCopy(&text, &text, logs)
	last := ""
	for line := range strings.Lines(text.String()) {
		if strings.Contains(line, "[emerg]") || strings.Contains(line, "[alert]") {
			last = strings.TrimSpace(redact.Sanitize(line))
		}
	}
	return last
}
