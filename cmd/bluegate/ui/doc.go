// Package ui writes what people read of a command at its end: its report, and the results of the commands that have none,
// as text and as JSON. Package progress, below it, shows what is done meanwhile, and package style knows how text looks on
// a terminal. No other package knows terminals.
package ui
