package agent

import (
	"context"
	"errors"
	"net"
	"syscall"
)

// cause says what an operator looks for; the rest of a net.OpError repeats the address.
func cause(err error) string {
	var dns *net.DNSError
	var slow net.Error // a dialer's own is not context.DeadlineExceeded
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &slow) && slow.Timeout():
		return "no answer in time"
	case errors.Is(err, syscall.EHOSTUNREACH):
		return "no route to host"
	case errors.As(err, &dns):
		return dns.Err
	}
	return err.Error()
}
