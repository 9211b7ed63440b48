package watch

import "time"

// EventKind is what happened, in the words of notify.on.
type EventKind string

// The kinds of events. Up is the recovery from Down or EventDegraded.
const (
	EventDown        EventKind = "down"
	EventUp          EventKind = "up"
	EventDegraded    EventKind = "degraded"
	EventRefused     EventKind = "refused"
	EventRolledBack  EventKind = "rolled-back"
	EventNeedsPerson EventKind = "needs-a-person"
	EventPromoted    EventKind = "promoted"
	EventWaiting     EventKind = "waiting" // a release waits to be promoted
	EventHealed      EventKind = "healed"  // a container was restarted, or the release was rolled back
	EventUnknown     EventKind = "unknown" // it cannot be measured any more
)

// Event is something that people may be told of.
type Event struct {
	// ID is the same however often the event is delivered. Delivering it twice to one target is a mistake.
	ID      string    `json:"id"`
	Kind    EventKind `json:"kind"`
	Project string    `json:"project"`
	Subject string    `json:"subject"` // the name of a check, or a colour
	At      time.Time `json:"at"`
	Since   time.Time `json:"since"` // when it began
	// Lasted is set in an EventUp: how long it was not healthy.
	Lasted time.Duration `json:"lasted,omitempty"`
	Why    string        `json:"why"`
	Run    string        `json:"run,omitempty"` // the command for a person to run next
}

// Notifier delivers events to people.
type Notifier interface {
	// Targets names those that are to be told of an event. A name tells no secret, and is the same over restarts.
	Targets(e Event) []string
	// Wake says that deliveries were queued in the Outbox. It returns at once.
	Wake()
}

// Delivery is an event that is to be delivered to one target.
type Delivery struct {
	Event    Event
	Target   string
	Attempts int // before this one
}
