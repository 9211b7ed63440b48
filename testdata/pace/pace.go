// Package pace says how long a test may wait on this machine.
//
// A limit is stated for a machine on which a container starts in 0.3 s, and grows with what a start costs here. That is
// measured once per run: `make` passes it on as BLUEGATE_TEST_START (testdata/engine/pace.sh), a test that is started by
// hand measures it itself. A limit ends a test that hangs; what is waited for decides how long a test takes.
package pace

import (
	"fmt"
	"os"
	"os/exec"
	"runtime/pprof"
	"sync"
	"testing"
	"time"
)

const reference = 300 * time.Millisecond

// Limit is d on the reference machine, and longer where containers start more slowly.
func Limit(d time.Duration) time.Duration { return time.Duration(float64(d) * factor()) }

var factor = sync.OnceValue(func() float64 { return max(1, float64(start())/float64(reference)) })

// start is what a container start costs here. Without an engine there is nothing to wait for.
func start() time.Duration {
	if text := os.Getenv("BLUEGATE_TEST_START"); text != "" {
		d, err := time.ParseDuration(text)
		if err != nil {
			panic("BLUEGATE_TEST_START: " + err.Error())
		}
		return d
	}
	began := time.Now()
	if exec.Command("docker", "run", "--rm", "--network", "none", "bluegate-nginx:1.30", "nginx", "-v").Run() != nil {
		return 0
	}
	return time.Since(began)
}

// Until calls is until it returns nil, and fails the test with its last error after a minute of the reference machine.
func Until(t testing.TB, what string, is func() error) {
	t.Helper()
	var err error
	for deadline := time.Now().Add(Limit(time.Minute)); time.Now().Before(deadline); time.Sleep(25 * time.Millisecond) {
		if err = is(); err == nil {
			return
		}
	}
	t.Fatalf("%s: %v", what, err)
}

// Guard ends the test binary with all goroutines' stacks when the test has not ended after d of the reference machine.
// It takes the place of go test's -timeout, which counts for all tests of a package together.
func Guard(t testing.TB, d time.Duration) {
	t.Helper()
	limit, name := Limit(d), t.Name()
	timer := time.AfterFunc(limit, func() {
		_ = pprof.Lookup("goroutine").WriteTo(os.Stderr, 2)
		panic(fmt.Sprintf("%s did not end within %s", name, limit))
	})
	t.Cleanup(func() { timer.Stop() })
}
