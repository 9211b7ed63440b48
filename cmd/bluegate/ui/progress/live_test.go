package progress

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/charmbracelet/x/vt"

	"bluegate/cmd/bluegate/ui/style"
	"bluegate/deploy/gate"
	"bluegate/deploy/model"
	"bluegate/testdata/golden"
)

// window is a terminal emulator that is not ours, with a live view in it.
type window struct {
	*vt.Emulator
	resized chan struct{}
}

func newWindow(columns, rows int) *window {
	w := &window{vt.NewEmulator(columns, rows), make(chan struct{}, 1)}
	_, _ = w.WriteString("$ bluegate deploy\n")
	return w
}

// Write is the terminal's line discipline: a newline returns the carriage.
func (w *window) Write(p []byte) (int, error) {
	text := bytes.ReplaceAll(bytes.ReplaceAll(p, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n"))
	_, err := w.Emulator.Write(text)
	return len(p), err
}

func (w *window) WriteString(text string) (int, error) { return w.Write([]byte(text)) }

func (w *window) size() (columns, rows int) { return w.Width(), w.Height() }

// to gives the window another size, and lets the view notice.
func (w *window) to(columns, rows int) {
	w.Resize(columns, rows)
	select {
	case w.resized <- struct{}{}:
	default: // the view is over
	}
	synctest.Wait()
}

// text is what the screen shows, without blank lines at its end.
func (w *window) text() string {
	lines := strings.Split(w.String(), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n") + "\n"
}

// inWindow runs a test with a live view in a window.
func inWindow(t *testing.T, columns, rows int, look style.Look, test func(*window, *liveProgress)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWindow(columns, rows)
		ctx, cancel := context.WithCancel(t.Context())
		look.Width = columns
		l := newLiveProgress(ctx, w, look, w.size, w.resized)
		test(w, l)
		cancel()
		synctest.Wait()
	})
}

// The screens of a deployment at several widths, with a resize in the middle.
func TestScreens(t *testing.T) {
	for _, test := range []struct {
		columns, rows, later, laterRows int
		look                            style.Look
		name                            string
	}{
		{80, 24, 60, 20, style.Look{Terminal: true, Colour: true}, "80"},
		{40, 24, 80, 24, style.Look{Terminal: true, Colour: true}, "40"},
		{200, 50, 80, 12, style.Look{Terminal: true, Colour: true}, "200"},
		{80, 24, 40, 24, style.Look{Terminal: true}, "80 without colour"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var seen strings.Builder
			inWindow(t, test.columns, test.rows, test.look, func(w *window, l *liveProgress) {
				look := func(name string) {
					w.to(w.Width(), w.Height()) // draws now
					fmt.Fprintf(&seen, "--- %s (%d columns, %d rows)\n%s", name, w.Width(), w.Height(), w.text())
				}
				s := tellStory(l, func(name string) {
					look(name)
					if name == "starting" {
						w.to(test.later, test.laterRows)
						look("resized")
					}
				})
				s.prepare()
				s.start()
				s.goLive()
				l.leave()
				_, _ = w.Write([]byte("the report\n"))
				look("over")
			})
			golden.Compare(t, filepath.Join("screens", test.name+".txt"), seen.String())
		})
	}
}

func TestScreensOfARefusal(t *testing.T) {
	var seen strings.Builder
	inWindow(t, 80, 24, style.Look{Terminal: true, Colour: true}, func(w *window, l *liveProgress) {
		l.remains = true
		s := tellStory(l, func(name string) {
			w.to(w.Width(), w.Height())
			if name == "undoing" {
				fmt.Fprintf(&seen, "--- %s\n%s", name, w.text())
			}
		})
		s.prepare()
		s.fail()
		l.leave()
		fmt.Fprintf(&seen, "--- over, and the report goes elsewhere\n%s", w.text())
	})
	golden.Compare(t, filepath.Join("screens", "refused.txt"), seen.String())
}

// At every width and height, nothing that was drawn before stays on the screen, no line is wrapped, and what was there
// before the command is still there.
func TestEverySize(t *testing.T) {
	for columns := 40; columns <= 250; columns += 7 {
		for _, rows := range []int{8, 13, 24, 60} {
			inWindow(t, 250, 60, style.Look{Terminal: true, Colour: true}, func(w *window, l *liveProgress) {
				s := tellStory(l, func(string) {})
				s.prepare()
				w.to(columns, rows)
				s.start()
				time.Sleep(time.Second)
				w.to(max(40, columns/2), rows)
				synctest.Wait()
				text := w.text()
				for what, want := range map[string]int{"users:": 1, "is live": 1, "the engine does not answer": 1, "checked": 1} {
					if got := strings.Count(text, what); got > want || got == 0 && what == "users:" && rows > 8 {
						t.Fatalf("%d columns, %d rows: %q is there %d times:\n%s", columns, rows, what, got, text)
					}
				}
				l.leave()
				if text := w.text(); strings.Contains(text, "users:") || strings.Contains(text, "shop  ") || !strings.HasPrefix(text, "$ bluegate deploy\nthe engine does not answer") {
					t.Fatalf("%d columns, %d rows: after the view:\n%s", columns, rows, text)
				}
			})
		}
	}
}

// If there are more containers than lines, those that are not healthy are shown.
func TestMoreContainersThanLines(t *testing.T) {
	inWindow(t, 80, 12, style.Look{Terminal: true, Colour: true}, func(w *window, l *liveProgress) {
		var all []gate.Progress
		for i := range 50 {
			all = append(all, gate.Progress{Service: "api", Name: fmt.Sprintf("shop-api-%d", i+1), State: gate.StateRunning, Health: gate.HealthHealthy, Good: true, StartedAt: time.Now()})
		}
		all = append(all, gate.Progress{Service: "last", Name: "shop-last-1", State: gate.StateRunning, Health: gate.HealthStarting, StartedAt: time.Now()})
		l.About(model.Overview{Project: "shop", Live: model.Blue, From: model.Blue, To: model.Green, Ahead: []string{"up", "switch"}})
		l.Step("up")
		l.Gate(gate.Verdict{Decision: gate.Waiting, Next: time.Now().Add(time.Minute), Progress: all})
		time.Sleep(2 * time.Second)
		synctest.Wait()
		text := w.text()
		if !strings.Contains(text, "last   ") || !strings.Contains(text, "and 46 more") || strings.Count(text, "\n") > 12 || !strings.Contains(text, "50 of 51 healthy") {
			t.Errorf("%d lines:\n%s", strings.Count(text, "\n"), text)
		}
	})
}

// Colours only add, and a sign has one. Wide characters of others do not break a line.
func TestCells(t *testing.T) {
	inWindow(t, 60, 20, style.Look{Terminal: true, Colour: true}, func(w *window, l *liveProgress) {
		s := tellStory(l, func(string) {})
		s.prepare()
		l.Step("up")
		probe := strings.Repeat("接続が拒否されました", 10)
		l.Gate(gate.Verdict{Decision: gate.Waiting, Next: time.Now().Add(time.Minute), Progress: []gate.Progress{{Service: "api", Name: "shop-api-1", State: gate.StateRunning, Health: gate.HealthStarting, StartedAt: time.Now(), Probe: probe}}})
		time.Sleep(time.Second)
		synctest.Wait()
		for y, line := range strings.Split(w.text(), "\n") {
			if x := strings.Index(line, "✓"); x >= 0 {
				if cell := w.CellAt(x, y); cell == nil || cell.Style.Fg == nil {
					t.Errorf("the sign of %q has no colour", line)
				}
			}
		}
		if text := w.text(); !strings.Contains(text, "接続") || strings.Count(text, "接続が拒否") > 4 || !strings.Contains(text, "…") {
			t.Errorf("a long probe:\n%s", text)
		}
	})
}

// What is quick is not drawn, and leaves nothing.
func TestQuickCommand(t *testing.T) {
	inWindow(t, 80, 24, style.Look{Terminal: true}, func(w *window, l *liveProgress) {
		l.Step("observe")
		time.Sleep(firstDraw / 2)
		l.leave()
		time.Sleep(time.Second)
		if text := w.text(); text != "$ bluegate deploy\n" {
			t.Errorf("%q", text)
		}
	})
}

// A message before the first picture, and one after the last, are written.
func TestMessagesOutsideOfTheView(t *testing.T) {
	inWindow(t, 80, 24, style.Look{Terminal: true}, func(w *window, l *liveProgress) {
		l.Say("one")
		l.leave()
		l.Say("two")
		l.Step("observe")
		time.Sleep(2 * time.Second)
		if text := w.text(); text != "$ bluegate deploy\none\ntwo\n" {
			t.Errorf("%q", text)
		}
	})
}
