package sample

import (
	"testing"

	"pgregory.net/rapid"
)

// Whatever the seed, n runs in a row execute each pair of rows exactly once.
func TestEveryPairWithinNRuns(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first := rapid.Uint64Range(0, 1<<40).Draw(t, "seed")
		n := rapid.IntRange(1, 7).Draw(t, "n")
		outer, inner := rapid.IntRange(1, 20).Draw(t, "outer rows"), rapid.IntRange(1, 20).Draw(t, "inner rows")
		all := make([]int, inner)
		for i := range all {
			all[i] = i
		}
		met := map[[2]int]int{}
		for run := range uint64(n) {
			for o := range outer {
				for _, i := range pick(first+run, o, all, n) {
					met[[2]int{o, i}]++
				}
			}
		}
		for o := range outer {
			for i := range inner {
				if times := met[[2]int{o, i}]; times != 1 {
					t.Fatalf("the pair %d, %d was executed %d times in %d runs", o, i, times, n)
				}
			}
		}
	})
}

// Whatever the seed, n runs in a row execute each test exactly once.
func TestEveryTestWithinNRuns(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first, name, n := rapid.Uint64Range(0, 1<<40).Draw(t, "seed"), rapid.String().Draw(t, "name"), rapid.IntRange(1, 7).Draw(t, "n")
		times := 0
		for run := range uint64(n) {
			if executes(first+run, name, n) {
				times++
			}
		}
		if times != 1 {
			t.Fatalf("%q was executed %d times in %d runs", name, times, n)
		}
	})
}

func TestSteps(t *testing.T) {
	t.Setenv("BLUEGATE_TEST_FULL", "1")
	if first, step := Steps(t, 5); first != 1 || step != 1 {
		t.Errorf("in full: %d, %d", first, step)
	}
	t.Setenv("BLUEGATE_TEST_FULL", "")
	if first, step := Steps(t, 5); first < 1 || first > 5 || step != 5 {
		t.Errorf("sampled: %d, %d", first, step)
	}
}
