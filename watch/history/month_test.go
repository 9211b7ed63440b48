package history

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"bluegate/testdata/sample"
	"bluegate/watch"
	"bluegate/watch/verdict"
)

// Thirty days of 50 checks every 10 s: 13 million samples. The file stays below 50 MB and the process below 60 MB, also
// when a page is read.
func TestAMonth(t *testing.T) {
	days, checks := 30, 50
	if !sample.Full() {
		days, checks = 2, 5
	}
	before := residentMB(t) // other tests of this process were here
	h := fresh(t)
	if keep := os.Getenv("BLUEGATE_TEST_MONTH"); keep != "" { // for BenchmarkPage of package page
		h = open(t, keep, Options{})
	}
	now := time.Now()
	rnd := rand.New(rand.NewPCG(1, 2))
	for at := now.AddDate(0, 0, -days); at.Before(now); at = at.Add(10 * time.Second) {
		for c := range checks {
			s := watch.Sample{Check: fmt.Sprint("check ", c), At: at.Add(time.Duration(rnd.IntN(2000)) * time.Millisecond), Took: time.Duration(1000+rnd.IntN(200_000)) * time.Microsecond, Result: verdict.Good}
			if rnd.IntN(1000) == 0 {
				s.Result, s.Said = verdict.Bad, "connection refused"
			}
			h.Add(s)
		}
		if at.Unix()/10%60 == 0 { // every ten minutes, and not every second: a month of seconds is too long
			must(t, h.flush(t.Context()))
			must(t, h.tidy(t.Context(), at))
		}
	}
	must(t, h.flush(t.Context()))
	h.tidied = time.Time{}
	must(t, h.tidy(t.Context(), now))
	_, err := h.conn.ExecContext(t.Context(), "PRAGMA wal_checkpoint(truncate)")
	must(t, err)
	began := time.Now()
	points := 0
	for c := range checks {
		points += len(samplesOf(t, h, fmt.Sprint("check ", c), now.AddDate(0, 0, -1), now, 5*time.Minute))
		points += len(samplesOf(t, h, fmt.Sprint("check ", c), now.AddDate(0, 0, -30), now, time.Hour))
	}
	read := time.Since(began)
	info, err := os.Stat(filepath.Clean(h.Path()))
	must(t, err)
	var kept int
	must(t, h.db.QueryRow("SELECT count(*) FROM samples").Scan(&kept))
	runtime.GC()
	debug.FreeOSMemory()
	memory := residentMB(t) - before
	t.Logf("%d days, %d checks: %d MB, %d single samples, %d MB more resident, %d points of a page in %s", days, checks, info.Size()>>20, kept, memory, points, read)
	if info.Size() >= 50<<20 {
		t.Errorf("the file has %d MB", info.Size()>>20)
	}
	if memory >= 60 && !raced {
		t.Errorf("the process has %d MB more", memory)
	}
}

// residentMB is the memory of this process.
func residentMB(t *testing.T) int {
	t.Helper()
	f, err := os.Open("/proc/self/status")
	must(t, err)
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), "VmRSS:"); ok {
			kb, err := strconv.Atoi(strings.Fields(rest)[0])
			must(t, err)
			return kb >> 10
		}
	}
	t.Fatal("no VmRSS")
	return 0
}
