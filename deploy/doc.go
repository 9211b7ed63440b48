// Package deploy tells the story of a deployment and holds its rules. It asks Compose and the engine through Stack,
// nginx through Router, and the lock and journal through Ledger; it knows none of the three's inner workings.
//
//	lock → settle → observe → plan → pull → up → gate → switch → drain → retire
//	                └──────────── abandon ───────────┘└ rollback ┘└ never undone
//
// A rollback by command goes the same way with a release that retired before: it is started instead of brought up, and
// put to rest again where another would be removed.
//
// Three rules hold at every point. No colour is stopped that the configuration on disk, the one that runs or a living
// old worker still names. Undoing runs on a context of its own, so that an interrupted run still cleans up. What is true
// is asked of the engine and of nginx; the journal only says what was under way.
package deploy
