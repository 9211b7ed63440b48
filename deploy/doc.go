// Package deploy runs a deployment: it observes, makes a plan (package plan), and executes it. It asks Compose and the
// engine, nginx, and the lock and the journal through the ports of package model, and knows nothing of how these work.
//
//	lock → settle → observe → plan → pull → up → gate → checks → switch → bake → drain → retire
//	                                 └───────── abandon ────────┘└──── rollback ───┘└ never undone
//
// A rollback by command takes the same way with an earlier release: its containers are started instead of created, and
// stopped again where others would be removed.
//
// Three rules hold at every point. No colour is stopped while nginx's files, the configuration that nginx runs or a living
// old worker names it. Undo runs on a context of its own, so that an interrupted run still cleans up. What is true is
// asked of the engine and of nginx; the journal only says what was under way.
package deploy
