//go:build !unix

package ui

import "context"

// notifyResize does nothing: the view asks for the size each time it is drawn.
func notifyResize(context.Context, chan<- struct{}) {}
