package load

import (
	"errors"
	"net"
)

// Loss is how a request was lost.
type Loss string

// The losses.
const (
	NotConnected Loss = "not-connected" // no connection could be made
	Closed       Loss = "closed"        // the connection was closed before the answer began
	Cut          Loss = "cut"           // the answer, or the websocket, ended early
	TimedOut     Loss = "timeout"       // the answer took too long
	WrongAnswer  Loss = "answer"        // the answer has another status, or is from something else
)

// cutError says that an answer had begun and was not complete.
type cutError struct{ err error }

func (e *cutError) Error() string { return e.err.Error() }
func (e *cutError) Unwrap() error { return e.err }

// lossOf says how a request was lost, by its error and the status of its answer.
func lossOf(err error, status, want int) Loss {
	var timeout net.Error
	var dial *net.OpError
	var cut *cutError
	switch {
	case status != 0 && status != want:
		return WrongAnswer
	case errors.As(err, &timeout) && timeout.Timeout():
		return TimedOut
	case errors.As(err, &cut):
		return Cut
	case status != 0:
		return WrongAnswer
	case errors.As(err, &dial) && dial.Op == "dial":
		return NotConnected
	}
	return Closed
}
