package model

import (
	"fmt"
	"strings"
	"time"
)

// DrainStatus is what a drain waits for.
type DrainStatus struct {
	Workers int               // workers of an earlier configuration, which answer what they have accepted
	Open    []OpenConnections // where it is known
}

// OpenConnections are the connections from nginx's side to one container of the old colour.
type OpenConnections struct {
	Container   string
	Connections int
	Oldest      time.Duration // since it was first seen, which may be later than its beginning
}

// String names the workers first: a drain ends with them, whatever is open.
func (l DrainStatus) String() string {
	parts := make([]string, len(l.Open))
	for i, o := range l.Open {
		parts[i] = o.String()
	}
	open := strings.Join(parts, ", ")
	switch {
	case l.Workers == 0 && open != "": // where a switch leaves the workers as they are
		return open
	case open == "":
		return Count(l.Workers, "old worker")
	}
	return Count(l.Workers, "old worker") + ", with " + open
}

func (o OpenConnections) String() string {
	return fmt.Sprintf("%s to %s (the oldest open for %s or longer)", Count(o.Connections, "connection"), o.Container, o.Oldest.Round(time.Second))
}

// Count is a number with its noun, which gets an s where it has to: "1 worker", "2 workers".
func Count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// StillOpen tells of each container to which connections were open when a drain's time was over.
func (l DrainStatus) StillOpen() (found []Finding) {
	for _, o := range l.Open {
		found = append(found, Finding{Code: "still-open", Message: fmt.Sprintf("still open when the drain's time was over: %s; that is a stream, a websocket or a long request", o)})
	}
	return found
}
