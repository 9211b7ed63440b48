// Package sample chooses the rows of a test matrix that one run executes.
//
// `make test` executes a sample; `make test-all` sets BLUEGATE_TEST_FULL=1 and executes every row. The sample depends on
// a seed alone, which BLUEGATE_TEST_SEED sets and every sampled test logs: runs with consecutive seeds execute every row
// of a matrix that is sampled one in n within n runs. A row that is named on the command line (-run 'TestModes/edit') is
// always executed.
package sample

import (
	"flag"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// Full reports whether every row is to be executed.
func Full() bool {
	if os.Getenv("BLUEGATE_TEST_FULL") == "1" {
		return true
	}
	run := flag.Lookup("test.run")
	return run != nil && strings.Contains(run.Value.String(), "/")
}

// Seed is what the sample depends on: BLUEGATE_TEST_SEED, a decimal number, or a random one.
func Seed() uint64 { return seed() }

var seed = sync.OnceValue(func() uint64 {
	if text, ok := os.LookupEnv("BLUEGATE_TEST_SEED"); ok {
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			panic("BLUEGATE_TEST_SEED: " + err.Error())
		}
		return n
	}
	return rand.Uint64() >> 32
})

// Rows returns the rows of one matrix that this run executes, one in n.
func Rows[T any](t testing.TB, all []T, n int) []T {
	t.Helper()
	return RowsOf(t, 0, all, n)
}

// RowsOf is Rows for the matrix that belongs to row number outer of another one: each pair of an outer and an inner row
// is executed in exactly one of n consecutive seeds, and different outer rows get different inner rows.
func RowsOf[T any](t testing.TB, outer int, all []T, n int) []T {
	t.Helper()
	if Full() {
		return all
	}
	t.Logf("sample: one row in %d, BLUEGATE_TEST_SEED=%d", n, Seed())
	return pick(Seed(), outer, all, n)
}

func pick[T any](seed uint64, outer int, all []T, n int) (rows []T) {
	for i, row := range all {
		if (uint64(i)+uint64(outer)+seed)%uint64(n) == 0 {
			rows = append(rows, row)
		}
	}
	return rows
}

// Test skips a whole test, one of many that follow the same rules, unless this run executes it: one run in n does. A test
// that is named on the command line (-run TestRollback) is always executed.
func Test(t testing.TB, n int) {
	t.Helper()
	if run := flag.Lookup("test.run"); Full() || run != nil && run.Value.String() != "" {
		return
	}
	if !executes(Seed(), t.Name(), n) {
		t.Skipf("sample: one run in %d executes it, BLUEGATE_TEST_SEED=%d does not; make test-all does", n, Seed())
	}
}

// Named skips a test that a target of make has to itself, unless it is named on the command line.
func Named(t testing.TB, target string) {
	t.Helper()
	if run := flag.Lookup("test.run"); run == nil || run.Value.String() == "" {
		t.Skipf("make %s executes it", target)
	}
}

func executes(seed uint64, name string, n int) bool {
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(name))
	return (hash.Sum64()%uint64(n)+seed%uint64(n))%uint64(n) == 0
}

// Steps returns the first of the numbers 1, 2, 3 … that a run executes and the distance to the next one: every n-th.
func Steps(t testing.TB, n int) (first, step int) {
	t.Helper()
	if Full() {
		return 1, 1
	}
	t.Logf("sample: every %d-th, BLUEGATE_TEST_SEED=%d", n, Seed())
	return 1 + int(Seed()%uint64(n)), n
}
