package nginx

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"bluegate/nginx/agent"
)

// processes implements place: it asks the engine, and no ps is needed in the image. A worker's title changes in the same
// turn of its loop that closes its listening sockets, so accepting and leaving are told apart exactly.
func (c *contained) processes(ctx context.Context) (agent.Snapshot, error) {
	ctx, cancel := asking(ctx)
	defer cancel()
	top, err := c.engine.ContainerTop(ctx, c.id(), []string{"-eo", "pid,ppid,etimes,wchan:32,args"})
	if err != nil {
		return agent.Snapshot{}, fmt.Errorf("list the processes of container %.12s: %w", c.id(), err)
	}
	var all []agent.Process
	for _, row := range top.Processes {
		if len(row) < 5 {
			continue
		}
		pid, err1 := strconv.Atoi(row[0])
		ppid, err2 := strconv.Atoi(row[1])
		age, err3 := strconv.Atoi(row[2])
		if err := errors.Join(err1, err2, err3); err != nil {
			return agent.Snapshot{}, fmt.Errorf("list the processes of container %.12s: %w", c.id(), err)
		}
		p := agent.Process{PID: pid, PPID: ppid, Age: time.Duration(age) * time.Second, Title: row[4]}
		p.SetWaitChannel(row[3])
		all = append(all, p)
	}
	return agent.Sort(all)
}
