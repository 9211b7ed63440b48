package main

// F: after the switch.
var rowsF = []row{
	{id: "F1", injected: "the new colour turns unhealthy in the bake", required: "pointed back, exit 4; the old one never stopped", tests: []string{"./deploy:TestBake"}},
	{id: "F2", injected: "the old colour dies while the new one starts", required: "gate unchanged; reported", tests: []string{"./deploy:TestLiveColourThatFails"}},
	{id: "F3, F4", injected: "both are bad in the bake; the rollback's own reload fails", required: "no flapping; exit 5, what to run is said, nothing removed", tests: []string{"./deploy:TestBake", "./deploy:TestRollbackHasLimits"}},
	{id: "F5", injected: "the old colour ignores SIGTERM", required: "grace, then kill; exit 0 with a warning", tests: []string{"./deploy:TestRetired"}},
	{id: "F6, F7", injected: "a rollback with nothing to go back to; a rollback twice", required: "refused clearly", tests: []string{"./deploy:TestRollback", "./testdata/e2e:TestRollback"}},
}
