package history

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"bluegate/testdata/sample"
	"bluegate/watch"
	"bluegate/watch/verdict"
)

// writerEnv makes the test's executable the process that is killed: it writes to this file and tells what it has written.
const writerEnv = "HISTORY_WRITER"

func TestMain(m *testing.M) {
	if path := os.Getenv(writerEnv); path != "" {
		writeForever(path)
	}
	os.Exit(m.Run())
}

// writeForever adds a sample and an entry, and says so after each.
func writeForever(path string) {
	ctx := context.Background()
	h, err := Open(ctx, path, Options{})
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	for i := 0; ; i++ {
		at := time.Now()
		h.Add(watch.Sample{Check: "a", At: at, Took: time.Millisecond, Result: verdict.Good})
		fmt.Println("sample", at.UnixMilli())
		id := watch.NewID(at)
		change := watch.Change{ID: id, Subject: "a", To: watch.Down, At: at, Since: at}
		if err := h.Record(ctx, change, &watch.Event{ID: id, Kind: watch.EventDown, Subject: "a", At: at}, []string{"slack"}); err != nil {
			fmt.Println("error:", err)
			os.Exit(1)
		}
		fmt.Println("entry", id)
		time.Sleep(time.Millisecond)
	}
}

// A process is killed at random moments: the file is whole, every entry that was written is there with its delivery, and
// no sample is lost that is older than a second.
func TestKilled(t *testing.T) {
	rounds := 100
	if !sample.Full() {
		rounds = 3
	}
	path := filepath.Join(t.TempDir(), "shop.db")
	for range rounds {
		killWriter(t, path, time.Duration(rand.IntN(1500))*time.Millisecond)
	}
}

func killWriter(t *testing.T, path string, after time.Duration) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), writerEnv+"="+path)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	lines := bufio.NewScanner(out)
	var entries []string
	var samples []int64
	var timer *time.Timer
	for lines.Scan() {
		if timer == nil { // it is open now
			timer = time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
		}
		what, value, _ := strings.Cut(lines.Text(), " ")
		switch what {
		case "entry":
			entries = append(entries, value)
		case "sample":
			at, err := strconv.ParseInt(value, 10, 64)
			must(t, err)
			samples = append(samples, at)
		default:
			t.Fatal(lines.Text())
		}
	}
	killed := time.Now()
	_ = cmd.Wait()
	h, err := Open(t.Context(), path, Options{}) // which tests the whole file
	must(t, err)
	defer h.Close()
	for _, id := range entries {
		var n int
		must(t, h.db.QueryRow("SELECT count(*) FROM entries JOIN deliveries ON event = id WHERE id = ? AND kind = ?", id, string(events)).Scan(&n))
		if n != 1 {
			t.Errorf("entry %s is lost", id)
		}
	}
	there := map[int64]bool{}
	for _, b := range samplesOf(t, h, "a", killed.Add(-time.Minute), killed.Add(time.Minute), 0) {
		there[b.From.UnixMilli()] = true
	}
	for _, at := range samples {
		// The time of a flush itself, on a busy machine.
		if !there[at] && killed.Sub(time.UnixMilli(at)) > flushEvery+time.Second {
			t.Errorf("a sample of %s before the end is lost", killed.Sub(time.UnixMilli(at)))
		}
	}
}
