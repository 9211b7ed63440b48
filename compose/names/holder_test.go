package names

import (
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"

	"bluegate/compose/engine"
	"bluegate/deploy/model"
	"bluegate/testdata/enginetest"
)

// Exactly the requested names are kept resolvable, on the networks that nginx and the service share.
func TestHoldNames(t *testing.T) {
	b := enginetest.NewWaiting(t)
	s := &Holder{Engine: b.Engine}
	for _, name := range []string{b.ID + "-front", b.ID + "-back"} {
		if _, err := b.Engine.NetworkCreate(t.Context(), name, network.CreateOptions{Labels: map[string]string{enginetest.TestLabel: b.ID}}); err != nil {
			t.Fatal(err)
		}
	}
	made, err := b.Engine.ContainerCreate(t.Context(), &container.Config{Image: enginetest.ShopImage, Labels: map[string]string{enginetest.TestLabel: b.ID}},
		&container.HostConfig{NetworkMode: container.NetworkMode(b.ID + "-front"), ExtraHosts: []string{"fixed-green:10.0.0.1"}}, nil, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	nginx := made.ID
	defer func() { _ = s.Hold(t.Context(), b.ID, nginx, nil) }()
	on := func(host, network string) model.HeldName {
		return model.HeldName{Colour: model.Green, Host: host, Networks: []string{network}}
	}
	var held *model.NamesReport
	hold := func(names ...model.HeldName) (id string) {
		t.Helper()
		if err := s.CanHold(t.Context(), nginx, names); err != nil {
			t.Fatal(err)
		}
		if err := s.Hold(t.Context(), b.ID, nginx, names); err != nil {
			t.Fatal(err)
		}
		if held, err = s.HeldNames(t.Context(), b.ID); err != nil {
			t.Fatal(err)
		}
		if rows, err := s.holders(t.Context(), b.ID); err != nil || len(rows) > 1 {
			t.Errorf("%d holders, %v", len(rows), err)
		} else if len(rows) == 1 {
			id = rows[0].ID
		}
		return id
	}
	first := hold(on("was-green", b.ID+"-front"), on("signal-green", b.ID+"-front"), on("fixed-green", b.ID+"-back"))
	want := &model.NamesReport{Container: "bluegate-names-" + b.ID, Hosts: []string{"signal-green", "was-green"}, Networks: []string{b.ID + "-front"}}
	if !reflect.DeepEqual(held, want) {
		t.Errorf("held is %+v, want %+v", held, want)
	}
	if again := hold(on("was-green", b.ID+"-front"), on("signal-green", b.ID+"-front")); again != first {
		t.Error("the holder was made again, though it holds what it should")
	}
	info := b.Inspect(first)
	if !info.State.Running || !info.HostConfig.RestartPolicy.IsUnlessStopped() || len(b.Prune(engine.NamesLabel+"="+b.ID)) > 0 {
		t.Errorf("the holder is %s, restart policy %q", info.State.Status, info.HostConfig.RestartPolicy.Name)
	}
	if hold(on("was-green", b.ID+"-front")); !reflect.DeepEqual(held.Hosts, []string{"was-green"}) {
		t.Errorf("held is %+v, want was-green alone", held)
	}
	if hold(); held != nil {
		t.Errorf("held is %+v, want nothing", held)
	}
	if err := s.CanHold(t.Context(), nginx, []model.HeldName{on("was-green", b.ID+"-back")}); err == nil || !strings.Contains(err.Error(), "address-left-over") || !strings.Contains(err.Error(), b.ID+"-back") {
		t.Errorf("a name on a network without nginx: %v", err)
	}
}

// The holder never has an address that a stopped container has as its own, nor one that a Compose file gives away: those
// containers could not start.
func TestHolderLeavesStaticAddresses(t *testing.T) {
	b := enginetest.NewWaiting(t)
	name, subnet := b.ID+"-fixed", "10.214.7.0/29" // of which the gateway is .1
	if _, err := b.Engine.NetworkCreate(t.Context(), name, network.CreateOptions{Labels: map[string]string{enginetest.TestLabel: b.ID}, IPAM: &network.IPAM{Config: []network.IPAMConfig{{Subnet: subnet, Gateway: "10.214.7.1"}}}}); err != nil {
		t.Fatal(err)
	}
	create := func(ip string) string {
		t.Helper()
		at := &network.EndpointSettings{}
		if ip != "" {
			at.IPAMConfig = &network.EndpointIPAMConfig{IPv4Address: ip}
		}
		made, err := b.Engine.ContainerCreate(t.Context(), &container.Config{Image: enginetest.ShopImage, Labels: map[string]string{enginetest.TestLabel: b.ID}},
			&container.HostConfig{NetworkMode: container.NetworkMode(name)}, &network.NetworkingConfig{EndpointsConfig: map[string]*network.EndpointSettings{name: at}}, nil, "")
		if err != nil {
			t.Fatal(err)
		}
		return made.ID
	}
	first, last := create("10.214.7.2"), create("10.214.7.6")
	declared := &types.Project{Services: types.Services{"was-green": {Name: "was-green", Networks: map[string]*types.ServiceNetworkConfig{"web": {Ipv4Address: "10.214.7.5"}}}}, Networks: types.Networks{"web": {Name: name}}}
	s := &Holder{Engine: b.Engine, Projects: func() map[model.Colour]*types.Project {
		return map[model.Colour]*types.Project{model.Green: declared}
	}}
	defer func() { _ = s.Hold(t.Context(), b.ID, first, nil) }()
	names := []model.HeldName{{Colour: model.Green, Host: "was-green", Networks: []string{name}}}
	if err := s.Hold(t.Context(), b.ID, first, names); err != nil {
		t.Fatal(err)
	}
	address := func() (string, string) {
		rows, err := s.holders(t.Context(), b.ID)
		if err != nil || len(rows) != 1 {
			t.Fatalf("%d holders, %v", len(rows), err)
		}
		return rows[0].ID, rows[0].NetworkSettings.Networks[name].IPAddress
	}
	id, ip := address()
	if ip != "10.214.7.4" {
		t.Errorf("the holder has %s", ip)
	}
	for _, stopped := range []string{first, last} {
		if err := b.Engine.ContainerStart(t.Context(), stopped, container.StartOptions{}); err != nil {
			t.Errorf("a container with a static address does not start: %v", err)
		}
	}
	if err := s.Hold(t.Context(), b.ID, first, names); err != nil {
		t.Fatal(err)
	}
	if again, _ := address(); again != id {
		t.Error("the holder was made again")
	}
	// Once the Compose file gives the holder's address away, the holder gets another.
	declared.Services["was-green"].Networks["web"].Ipv4Address = ip
	if err := s.Hold(t.Context(), b.ID, first, names); err != nil {
		t.Fatal(err)
	}
	if _, now := address(); now == ip {
		t.Errorf("the holder kept %s", now)
	}
}

// The last address of a subnet is found for every length, and none where all are taken.
func TestFreeAddress(t *testing.T) {
	for _, test := range []struct{ subnet, static, others, want string }{
		{"10.0.0.0/24", "10.0.0.254", "", "10.0.0.253"},
		{"10.0.0.0/24", "10.0.0.7", "10.0.0.254", "10.0.0.253"},
		{"10.0.0.0/30", "10.0.0.2", "10.0.0.1", ""},
		{"10.0.0.128/25", "10.0.0.200", "", "10.0.0.254"},
		{"172.16.0.0/12", "172.16.0.2", "", "172.31.255.254"},
		{"fd00::/64", "fd00::2", "", "fd00::ffff:ffff:ffff:fffe"},
	} {
		f := fixedAddresses{map[netip.Addr]bool{netip.MustParseAddr(test.static): true}, nil}
		got, ok := f.free(netip.MustParsePrefix(test.subnet), []string{test.others})
		if ok != (test.want != "") || ok && got.String() != test.want {
			t.Errorf("%+v: got %s, %v", test, got, ok)
		}
	}
}
