package state

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/client"
	"pgregory.net/rapid"

	"bluegate/compose/engine"
	"bluegate/deploy/model"
	"bluegate/testdata/enginetest"
)

// journals draws what a deployment may write down; its files are any bytes.
func journals(t *rapid.T) model.Journal {
	text := rapid.StringMatching(`[a-z0-9<>&"\\/: ü-]{0,20}`)
	at := time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "at"), 0).UTC()
	images := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) model.PulledImage {
		return model.PulledImage{Ref: text.Draw(t, "ref"), ID: text.Draw(t, "id"), Before: text.Draw(t, "before")}
	}), 0, 3).Draw(t, "images")
	j := model.Journal{Version: model.JournalVersion}
	if rapid.Bool().Draw(t, "under way") {
		j.Current = &model.Entry{
			Release: text.Draw(t, "release"), From: model.Blue, To: model.Green, Phase: model.PhaseSwitching, Began: at, Images: images, Keep: model.KeepStopped,
			Change: &model.Change{To: model.Green, Nginx: text.Draw(t, "nginx"), Points: 2, Files: []model.FileChange{{
				Path: text.Draw(t, "path"), Old: rapid.SliceOfN(rapid.Byte(), 1, 200).Draw(t, "old"), New: rapid.SliceOfN(rapid.Byte(), 1, 200).Draw(t, "new"), OldTime: at,
			}}},
		}
	}
	for range rapid.IntRange(0, 3).Draw(t, "past") {
		j.Past = append(j.Past, model.HistoryEntry{Release: text.Draw(t, "past release"), Colour: model.Blue, Outcome: model.Promoted, At: at})
		j.Releases = append(j.Releases, model.ReleaseRecord{Release: text.Draw(t, "record"), Colour: model.Green, At: at, Kept: []model.RetainedContainer{{Name: text.Draw(t, "container"), Policy: "always"}}})
	}
	return j
}

// same compares as JSON: an empty list and none are written alike.
func same(t rapid.TB, a, b model.Journal) bool {
	t.Helper()
	x, err1 := json.Marshal(a)
	y, err2 := json.Marshal(b)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	return bytes.Equal(x, y)
}

func TestSealedJournal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		j := journals(t)
		text, err := seal(j)
		if err != nil {
			t.Fatal(err)
		}
		got, err := unseal(text)
		if err != nil || !same(t, got, j) {
			t.Fatalf("%+v came back as %+v, %v", j, got, err)
		}
		// A missing or changed byte is detected.
		at := rapid.IntRange(0, len(text)-1).Draw(t, "damage")
		if got, err := unseal(text[:at]); err == nil {
			t.Fatalf("cut at %d of %d: read as %+v", at, len(text), got)
		}
		damaged := bytes.Clone(text)
		damaged[at] ^= 1 << rapid.IntRange(0, 6).Draw(t, "bit")
		if got, err := unseal(damaged); err == nil && !same(t, got, j) {
			t.Fatalf("byte %d of %q changed: read as %+v", at, damaged, got)
		}
	})
}

func TestJournalsThatCannotBeUsed(t *testing.T) {
	other := model.Journal{Version: model.JournalVersion + 1}
	newer, err := seal(other)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"":                                 "corrupt",
		"{}":                               "corrupt",
		`{"sha256":"","journal":{}}`:       "checksum",
		`{"sha256":"x","journal":null}`:    "checksum",
		"\x00\x00\x00":                     "corrupt",
		string(newer):                      fmt.Sprintf("version %d", model.JournalVersion+1),
		string(newer) + string(newer):      "corrupt",
		strings.Repeat("[", 100_000) + "]": "corrupt",
		`{"sha256":"` + sum([]byte("[]")) + `","journal":[]}`: "corrupt",
	} {
		if j, err := unseal([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: %+v, %v; want %q", text, j, err, want)
		}
	}
}

func TestJournalOnTheEngine(t *testing.T) {
	b := enginetest.New(t)
	l := New(b.Engine)
	if j, err := l.Read(t.Context(), b.ID); err != nil || j.Version != model.JournalVersion || j.Current != nil || len(j.Past) > 0 {
		t.Errorf("before the first: %+v, %v", j, err)
	}
	var last model.Journal
	for i := range 5 {
		last = rapid.Custom(journals).Example(i)
		if err := l.Write(t.Context(), b.ID, last); err != nil {
			t.Fatal(err)
		}
		got, err := New(b.Engine).Read(t.Context(), b.ID)
		if err != nil || !same(t, got, last) || !reflect.DeepEqual(got.Current == nil, last.Current == nil) {
			t.Fatalf("%+v came back as %+v, %v", last, got, err)
		}
	}

	// A writer that dies in the middle leaves the last journal, or a whole new one.
	large := last
	large.Current = &model.Entry{Release: "cut", Change: &model.Change{Files: []model.FileChange{{Path: "/etc/nginx/geo.conf", Old: bytes.Repeat([]byte("10.0.0.0/8 a;\n"), 50_000)}}}}
	for i, part := range []float64{0.2, 0.9, 0.1, 0.6, 0.3} {
		writer := New(&engine.Engine{Client: dying(b, part), Endpoint: b.Engine.Endpoint})
		if got, err := writer.Read(t.Context(), b.ID); err != nil || !same(t, got, last) {
			t.Fatalf("before the %d. death: %.200v, %v", i, got, err)
		}
		large.Current.Release = fmt.Sprint("cut at ", part)
		if err := writer.Write(t.Context(), b.ID, large); err == nil {
			t.Fatal("the writer did not die")
		}
		got, err := l.Read(t.Context(), b.ID)
		if err != nil || !same(t, got, last) && !same(t, got, large) {
			t.Fatalf("after a writer died %d%% through: %.200v, %v", int(part*100), got, err)
		}
		last = got
	}
	if err := l.Write(t.Context(), b.ID, large); err != nil {
		t.Fatal(err)
	}
	if got, err := l.Read(t.Context(), b.ID); err != nil || !same(t, got, large) {
		t.Errorf("the next writer: %.200v, %v", got, err)
	}
}

// An engine that dies between removing a file and creating it leaves a draft alone.
func TestJournalOfWhichOnlyTheDraftIsThere(t *testing.T) {
	b := enginetest.New(t)
	l := New(b.Engine)
	v := l.journalVessel(b.ID)
	draft := model.Journal{Version: model.JournalVersion, Current: &model.Entry{Release: "draft", From: model.Blue, To: model.Green}}
	text, err := seal(draft)
	if err == nil {
		err = v.CreateRunning(t.Context())
	}
	if err == nil {
		err = v.Put(t.Context(), text, journalDraft)
	}
	if err != nil {
		t.Fatal(err)
	}
	if got, err := l.Read(t.Context(), b.ID); err != nil || !same(t, got, draft) {
		t.Fatalf("%+v, %v", got, err)
	}
	draft.Current.Release = "next"
	if err := l.Write(t.Context(), b.ID, draft); err != nil {
		t.Fatal(err)
	}
	if got, err := New(b.Engine).Read(t.Context(), b.ID); err != nil || !same(t, got, draft) {
		t.Errorf("after the next write: %+v, %v", got, err)
	}
}

func TestCorruptJournalIsLeftAlone(t *testing.T) {
	b := enginetest.New(t)
	l := New(b.Engine)
	if err := l.Write(t.Context(), b.ID, model.Journal{Version: model.JournalVersion}); err != nil {
		t.Fatal(err)
	}
	v := l.journalVessel(b.ID)
	overwrite(b, v.Name, "half a jour")
	_, err := l.Read(t.Context(), b.ID)
	var person *model.ManualActionError
	if !errors.As(err, &person) || !strings.Contains(err.Error(), v.Name) || !strings.Contains(person.Run, "docker cp "+v.Name) || !strings.Contains(person.Run, "docker rm "+v.Name) {
		t.Fatalf("got %v; run %+v", err, person)
	}
	// The remedy is carried out.
	for i, command := range strings.Split(person.Run, "`") {
		if i%2 == 0 {
			continue
		}
		if out, err := exec.Command("sh", "-c", command).Output(); err != nil || strings.HasPrefix(command, "docker cp") && !strings.Contains(string(out), "half a jour") {
			t.Errorf("%s: %v: %s", command, err, out)
		}
	}
	if j, err := l.Read(t.Context(), b.ID); err != nil || j.Current != nil {
		t.Errorf("after it was removed: %+v, %v", j, err)
	}
}

// dying is a client whose process dies when it has sent so much of an upload.
func dying(b *enginetest.Bench, part float64) *client.Client {
	b.T.Helper()
	c, err := client.NewClientWithOpts(client.FromEnv, client.WithVersion(b.Engine.ClientVersion()), client.WithHTTPClient(&http.Client{Transport: enginetest.Fake(func(req *http.Request) (*http.Response, error) {
		if req.Method == http.MethodPut {
			whole, err := io.ReadAll(req.Body)
			if err != nil {
				return nil, err
			}
			req.ContentLength = -1
			req.Body = io.NopCloser(io.MultiReader(bytes.NewReader(whole[:int(float64(len(whole))*part)]), dead{}))
		}
		return b.Engine.HTTPClient().Transport.RoundTrip(req)
	})}))
	if err != nil {
		b.T.Fatal(err)
	}
	return c
}

type dead struct{}

func (dead) Read([]byte) (int, error) {
	time.Sleep(200 * time.Millisecond) // what was sent has arrived
	return 0, errors.New("killed")
}

// overwrite replaces every file in a container's root.
func overwrite(b *enginetest.Bench, name, content string) {
	b.T.Helper()
	stream, _, err := b.Engine.CopyFromContainer(b.T.Context(), name, "/")
	if err != nil {
		b.T.Fatal(err)
	}
	defer stream.Close()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for r := tar.NewReader(stream); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			b.T.Fatal(err)
		}
		if h.Typeflag != tar.TypeReg || strings.HasPrefix(strings.TrimPrefix(h.Name, "/"), "etc/") || strings.HasSuffix(h.Name, ".dockerenv") {
			continue
		}
		h.Size = int64(len(content))
		if err := errors.Join(w.WriteHeader(h), enginetest.ErrOf(io.WriteString(w, content))); err != nil {
			b.T.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.T.Fatal(err)
	}
	if err := b.Engine.CopyToContainer(b.T.Context(), name, "/", &out, container.CopyToContainerOptions{}); err != nil {
		b.T.Fatal(err)
	}
}

func TestSweep(t *testing.T) {
	b := enginetest.New(t)
	l := New(b.Engine)
	if err := l.Sweep(t.Context(), b.ID); err != nil {
		t.Fatal(err)
	}
	own := b.Run(container.Config{Labels: map[string]string{engine.SweepLabel: b.ID}}, container.HostConfig{})
	stopped := b.Create(container.Config{Labels: map[string]string{engine.SweepLabel: b.ID}}, container.HostConfig{})
	looking := b.Run(container.Config{Labels: engine.HelperLabels("helper", b.ID, true)}, container.HostConfig{})
	killed := b.Create(container.Config{Labels: engine.HelperLabels("helper", b.ID, true)}, container.HostConfig{})
	another := b.Run(container.Config{Labels: map[string]string{engine.SweepLabel: b.ID + "-other"}}, container.HostConfig{})
	labels := engine.HelperLabels("helper", b.ID, false) // of its image, or from its Compose file
	labels["com.docker.compose.config-hash"] = "0123"
	service := b.Run(container.Config{Labels: labels}, container.HostConfig{})
	if err := l.Sweep(t.Context(), b.ID); err != nil {
		t.Fatal(err)
	}
	for id, stays := range map[string]bool{own: false, stopped: false, looking: true, killed: true, another: true, service: true} {
		if _, err := b.Engine.ContainerInspect(t.Context(), id); (err == nil) != stays {
			t.Errorf("%.12s stays: %t, %v", id, stays, err)
		}
	}
	later := *b.Engine
	later.Skew -= lookLimit // the engine's clock is that much behind: to this client both are that old
	if err := New(&later).Sweep(t.Context(), b.ID); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{looking, killed} {
		if _, err := b.Engine.ContainerInspect(t.Context(), id); err == nil {
			t.Errorf("%.12s is still there", id)
		}
	}
}
