package incontainer

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

// LastError implements instance.Instance.
func (c *Nginx) LastError(ctx context.Context, since time.Time) string {
	ctx, cancel := engine.Asking(ctx)
	defer cancel()
	from := since.Add(-c.Opts.Skew)
	logs, err := c.Engine.ContainerLogs(ctx, c.ID(), container.LogsOptions{ShowStderr: true, Since: fmt.Sprintf("%d.%09d", from.Unix(), from.Nanosecond()), Tail: "200"})
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
