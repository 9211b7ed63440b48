//go:build !unix

package progress

import "context"

// notifyResize does nothing: the view asks for the size each time it is drawn.
func notifyResize(context.Context, chan<- struct{}) {}
