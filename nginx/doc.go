// Package nginx is the adapter to nginx: it finds it, reads its configuration, plans and rehearses a change, switches, proves
// by the workers what is served, waits until the old workers are gone, and takes back what was not proven.
//
// Router finds nginx. What it found is an instance.Instance: package incontainer has an nginx in a container, and onhost one
// that runs on the engine's machine itself. They know how one reads, writes and signals there; package agent does it next to
// nginx. The rules of a switch are here, and are the same wherever nginx is.
//
// A mode.Mode says which colour a configuration names, and makes the change after which it names the other one. It works over
// package conf, which knows nginx's grammar and nothing else. Modes and instances know nothing of each other, so that every
// mode works for every instance.
//
// What a switch guarantees:
//
//   - It writes only over the bytes that it was planned for. Anything else is model.ErrChanged before the first write, and is
//     left as it is afterwards.
//   - It is done when every worker that accepted requests before the signal is gone or shutting down, a new one runs, the files
//     are still those that were written, and the names lead to the release's containers. A reload that nginx reports, or that
//     an earlier worker has taken, is not enough.
//   - What is not proven is taken back, and that is proven as well if any worker may have taken it. Where a signal was not
//     answered in time, the master may still act on what it has read: then it is made to load the old bytes after that.
//   - Once the lock is lost it writes nothing, and undoes nothing: what is there may be another run's.
package nginx
