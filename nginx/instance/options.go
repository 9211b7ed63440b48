package instance

import (
	"context"
	"time"

	"bluegate/deploy/model"
	"bluegate/nginx/mode"
)

// Options say where nginx is. The zero value means: find it.
type Options struct {
	Container string        // name or id of nginx's container, or its Compose service
	NamedAt   string        // where Container was named: file:line, or a variable
	Host      bool          // nginx runs on this machine, in no container
	Config    string        // its main configuration file, where several run on this machine or nginx was built with another
	Overlay   []string      // how this program is called so that it runs overlay.Main
	Local     bool          // the engine runs on this machine
	Skew      time.Duration // added to the engine's times to get ours
	// Lost says why a container is not what it was when its addresses were learned; empty: it is. nil: the engine is asked
	// for a container with its id.
	Lost func(ctx context.Context, c model.Container) (string, error)
	// Unlocked says that others may be at work: what is made for this command has names of its own.
	Unlocked bool
	// Until returns the end of the locks that are held, by the local clock; zero, or no function: none is held.
	Until func() time.Time
	// Helper returns a static executable for the engine's architecture, and the arguments that make it serve package agent.
	Helper func(ctx context.Context) (executable []byte, args []string, err error)
	// ProofTimeout bounds the proof of a switch. Zero: 10 s.
	ProofTimeout time.Duration
	Settings     mode.Settings // how it is switched
	// JudgePort is the port of 127.0.0.1 in nginx's network namespace at which it logs the requests by which a release is
	// judged; 0: none is.
	JudgePort int
}

// LeaseEnd is asked before each write and each signal: it returns the end of the locks that are held, or
// model.ErrLeaseLost if that is over. Zero: none is held. The wall clock tells, which continues while a machine is suspended.
func (o Options) LeaseEnd() (until time.Time, err error) {
	if o.Until != nil {
		until = o.Until().Round(0)
	}
	if !until.IsZero() && !time.Now().Round(0).Before(until) {
		return until, model.ErrLeaseLost
	}
	return until, nil
}
