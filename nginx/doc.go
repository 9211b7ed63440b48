// Package nginx is the adapter to nginx: it finds it, reads its configuration, plans and rehearses a change, writes it,
// signals, proves by the workers what is served, and waits until the old workers are gone.
//
// Three types share the work. Router holds the flow of a switch and its rules, the same wherever nginx is: rehearse,
// write, look with nginx's eyes, signal, prove by the workers, and take back what was not proven. A place (place.go)
// knows where an nginx is and how one reads, writes and signals there: contained is an nginx in a container, hosted one
// that runs on the engine's machine itself. A mode
// (mode.go) reads which colour a configuration names and turns it into the change that makes it name the other one:
// edit changes the user's own files. Places and modes know nothing of each other, so that every mode works in every
// place.
//
// Package conf below it knows nginx's grammar and nothing else; package helper asks and writes from where nginx stands;
// package overlay shows a command files changed that are not.
package nginx
