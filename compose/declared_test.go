package compose

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/docker/compose/v5/pkg/compose"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"

	"bluegate/deploy/model"
	"bluegate/testdata/enginetest"
)

// withDatabase is a file of two colours of which blue waits for a database with a named volume.
func withDatabase(more string) map[string]string {
	return map[string]string{"compose.yml": "services:\n" + shopService("was-blue") + "    depends_on: [db]\n" + shopService("was-green") +
		shopService("db") + "    volumes: [\"data:/data\"]\n" + more}
}

// A named volume differs from its declaration: the deployment is refused. If Compose asks nevertheless, the container and the
// volume are not changed.
func TestVolumeIsNotRecreated(t *testing.T) {
	b := newBench(t)
	s, app := b.stack(withDatabase("volumes: {data: {}}\n"))
	b.up(s, app, "r1")
	db := b.Inspect(b.ID + "-db-1")
	b.write(db.ID, "/data", "rows", "42")
	if err := b.Engine.ContainerStop(t.Context(), db.ID, container.StopOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := s.Require(t.Context(), app.Models[model.Blue]); err != nil {
		t.Errorf("the file is as it was: %v", err)
	}

	s, app = b.stack(withDatabase("volumes: {data: {labels: {team: shop}}}\n"))
	var refused *model.RefusedError
	if err := s.Require(t.Context(), app.Models[model.Blue]); !errors.As(err, &refused) || len(refused.Reasons) != 1 {
		t.Fatalf("got %v", err)
	}
	r := refused.Reasons[0]
	for _, words := range []string{b.ID + "_data", "compose.yml:", `the file says label team="shop", the volume has none`} {
		if r.Code != model.WouldLoseData || !strings.Contains(r.Message, words) {
			t.Errorf("the reason is %s, want %q", r, words)
		}
	}
	if err := s.Require(t.Context(), app.Models[model.Green]); err != nil {
		t.Errorf("green does not take the database: %v", err)
	}

	surplus := b.ofProject("db", "com.docker.compose.container-number=2")
	if err := b.Engine.ContainerStop(t.Context(), surplus, container.StopOptions{}); err != nil {
		t.Fatal(err)
	}
	b.up(s, app, "r2")
	if got := b.read(db.ID, "/data/rows"); got != "42" {
		t.Errorf("the volume holds %q", got)
	}
	b.Inspect(surplus)
}

func (b *bench) write(id, folder, name, text string) {
	b.T.Helper()
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	if err := errors.Join(w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(text)), Typeflag: tar.TypeReg}), enginetest.ErrOf(w.Write([]byte(text))), w.Close()); err != nil {
		b.T.Fatal(err)
	}
	if err := b.Engine.CopyToContainer(b.T.Context(), id, folder, &archive, container.CopyToContainerOptions{}); err != nil {
		b.T.Fatal(err)
	}
}

// read returns "" if the container or the file does not exist.
func (b *bench) read(id, path string) string {
	b.T.Helper()
	stream, _, err := b.Engine.CopyFromContainer(b.T.Context(), id, path)
	if err != nil {
		return ""
	}
	defer stream.Close()
	r := tar.NewReader(stream)
	if _, err := r.Next(); err != nil {
		b.T.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		b.T.Fatal(err)
	}
	return string(text)
}

// A network differs from its declaration, while a container of the other colour uses it.
func TestNetworkIsNotRecreated(t *testing.T) {
	b := newBench(t)
	file := func(more string) map[string]string {
		return map[string]string{"compose.yml": "services:\n" + shopService("was-blue") + shopService("was-green") + more}
	}
	s, app := b.stack(file(""))
	live := b.up(s, app, "r1")

	s, app = b.stack(file("networks: {default: {labels: {team: shop}}}\n"))
	var refused *model.RefusedError
	if err := s.Require(t.Context(), app.Models[model.Green]); !errors.As(err, &refused) || len(refused.Reasons) != 1 {
		t.Fatalf("got %v", err)
	}
	if r := refused.Reasons[0]; r.Code != model.CreateFailed || !strings.Contains(r.Message, b.ID+"_default") || !strings.Contains(r.Message, live[0].Name) {
		t.Errorf("the reason is %s", r)
	}
	if err := s.Require(t.Context(), app.Models[model.Blue]); err != nil {
		t.Errorf("only containers that the release replaces are on it: %v", err)
	}
}

func TestVolumeDiffers(t *testing.T) {
	hash := func(v types.VolumeConfig) string {
		h, err := compose.VolumeHash(v)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	plain := types.VolumeConfig{Name: "shop_data"}
	for name, test := range map[string]struct {
		declared types.VolumeConfig
		driver   string
		options  map[string]string
		labels   map[string]string
		recorded string
		project  string
		want     string
	}{
		"as declared":              {declared: plain, recorded: hash(plain)},
		"of another Compose":       {declared: plain, recorded: "0123"},
		"made by hand":             {declared: types.VolumeConfig{Name: "shop_data", Labels: types.Labels{"a": "1"}}},
		"of another project":       {declared: types.VolumeConfig{Name: "shop_data", Labels: types.Labels{"a": "1"}}, recorded: hash(plain), project: "other"},
		"a label more":             {declared: types.VolumeConfig{Name: "shop_data", Labels: types.Labels{"a": "1"}}, recorded: hash(plain), want: `the file says label a="1", the volume has none`},
		"a label less":             {declared: plain, labels: map[string]string{"a": "1"}, recorded: "0123", want: `the volume has label a="1", the file does not`},
		"another label":            {declared: types.VolumeConfig{Name: "shop_data", Labels: types.Labels{"a": "2"}}, labels: map[string]string{"a": "1"}, recorded: "0123", want: `the file says label a="2", the volume has "1"`},
		"another driver":           {declared: types.VolumeConfig{Name: "shop_data", Driver: "nfs"}, recorded: hash(plain), want: `the file says driver "nfs", the volume has "local"`},
		"an option":                {declared: types.VolumeConfig{Name: "shop_data", DriverOpts: map[string]string{"type": "tmpfs"}}, recorded: hash(plain), want: `the file says driver option type="tmpfs", the volume has none`},
		"the driver that is meant": {declared: types.VolumeConfig{Name: "shop_data", Driver: "local"}, recorded: hash(plain)},
	} {
		t.Run(name, func(t *testing.T) {
			there := volume.Volume{Name: "shop_data", Driver: "local", Options: test.options, Labels: map[string]string{"com.docker.compose.project": "shop", "com.docker.compose.volume": "data"}}
			if test.project != "" {
				there.Labels["com.docker.compose.project"] = test.project
			}
			if test.recorded != "" {
				there.Labels["com.docker.compose.config-hash"] = test.recorded
			}
			for k, v := range test.labels {
				there.Labels[k] = v
			}
			if got, err := volumeDiffers(test.declared, there, "shop"); got != test.want || err != nil {
				t.Errorf("got %q, %v, want %q", got, err, test.want)
			}
		})
	}
}

func TestNetworkOf(t *testing.T) {
	made := func(name, key string) network.Summary {
		return network.Summary{Name: name, Labels: map[string]string{"com.docker.compose.network": key}}
	}
	for name, test := range map[string]struct {
		all  []network.Summary
		want string
	}{
		"by its name":              {[]network.Summary{made("a", "edge"), made("shop_edge", "edge")}, "shop_edge"},
		"renamed, the first one":   {[]network.Summary{made("c", "edge"), made("b", "edge")}, "b"},
		"none for that key":        {[]network.Summary{made("a", "other")}, ""},
		"without any":              {nil, ""},
		"its name without the key": {[]network.Summary{made("shop_edge", "")}, "shop_edge"},
	} {
		if got, found := networkOf(test.all, "edge", "shop_edge"); got.Name != test.want || found != (test.want != "") {
			t.Errorf("%s: %q", name, got.Name)
		}
	}
}
