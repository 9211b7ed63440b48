//go:build linux

package agent

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// tables are where Linux lists the TCP sockets of a network namespace. A kernel without IPv6 has no second one.
var tables = []string{"tcp", "tcp6"}

// connections reads the tables in a directory.
func connections(dir string, c Connections) Response {
	var to []netip.Addr
	for _, text := range c.To {
		ip, err := netip.ParseAddr(text)
		if err != nil {
			return Response{Error: err.Error()}
		}
		to = append(to, ip.Unmap())
	}
	var resp Response
	for _, name := range tables {
		f, err := os.Open(filepath.Join(dir, name))
		if errors.Is(err, fs.ErrNotExist) && name != tables[0] {
			continue
		}
		if err != nil {
			return Response{Error: err.Error()}
		}
		open, err := openTo(f, to, c.Ports)
		_ = f.Close()
		if err != nil {
			return Response{Error: fmt.Sprintf("read %s: %v", f.Name(), err)}
		}
		resp.Open = append(resp.Open, open...)
	}
	return resp
}

// inUse are the states of a socket over which an answer may still come: established, being opened, and closed by the
// other end only (TCP_ESTABLISHED, TCP_SYN_SENT and TCP_CLOSE_WAIT of the kernel's net/tcp_states.h).
var inUse = []string{"01", "02", "08"}

func openTo(table io.Reader, to []netip.Addr, ports []int) (open []Socket, err error) {
	lines := bufio.NewScanner(table)
	lines.Scan() // the heading
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if len(words) < 10 || !slices.Contains(inUse, words[3]) {
			continue
		}
		remote, err := socketAddress(words[2])
		if err != nil {
			return nil, err
		}
		if !slices.Contains(to, remote.Addr()) && !slices.Contains(ports, int(remote.Port())) {
			continue
		}
		local, err := socketAddress(words[1])
		if err != nil {
			return nil, err
		}
		open = append(open, Socket{Local: local.String(), Remote: remote.String(), Inode: words[9]})
	}
	return open, lines.Err()
}

// socketAddress reads "0100007F:1F90". The kernel prints the address as 32-bit words in the machine's own order, and
// the port as a number.
func socketAddress(text string) (netip.AddrPort, error) {
	host, port, _ := strings.Cut(text, ":")
	raw, err := hex.DecodeString(host)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("%q is no address of a socket: %w", text, err)
	}
	for word := raw; len(word) >= 4; word = word[4:] {
		binary.NativeEndian.PutUint32(word, binary.BigEndian.Uint32(word))
	}
	ip, ok := netip.AddrFromSlice(raw)
	number, err := strconv.ParseUint(port, 16, 16)
	if !ok || err != nil {
		return netip.AddrPort{}, fmt.Errorf("%q is no address of a socket", text)
	}
	return netip.AddrPortFrom(ip.Unmap(), uint16(number)), nil
}
