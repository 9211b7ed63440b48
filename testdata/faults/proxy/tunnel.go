package proxy

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
)

// tunnel carries a stream to and from a process: a command in a container, or bluegate's helper next to nginx, whose
// orders to write a file are calls of their own.
func (p *Proxy) tunnel(w http.ResponseWriter, resp *http.Response, engine *net.UnixConn, from *bufio.Reader, f Fault) error {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return err
	}
	client := conn.(*net.UnixConn)
	defer client.Close()
	fmt.Fprintf(client, "HTTP/1.1 %s\r\n", resp.Status)
	if err := resp.Header.Write(client); err != nil {
		return nil
	}
	fmt.Fprint(client, "\r\n")

	t := &orders{proxy: p, after: map[string]func(){}}
	var both sync.WaitGroup
	both.Go(func() {
		t.toEngine(engine, client)
		_ = engine.CloseWrite()
	})
	t.toClient(client, from)
	if f.After != nil {
		f.After()
	}
	_ = client.CloseWrite()
	if f.Lose {
		_ = client.Close()
	}
	_ = engine.Close()
	_ = client.Close()
	both.Wait()
	return nil
}

// orders watches a stream of bluegate's helper protocol, one JSON object a line; other streams pass as they are.
type orders struct {
	proxy *Proxy
	mu    sync.Mutex
	after map[string]func() // by the answer's first words
}

func (o *orders) toEngine(engine io.Writer, client io.Reader) {
	in := bufio.NewReader(client)
	for {
		line, err := in.ReadBytes('\n')
		if len(line) > 0 && !o.order(engine, line) {
			return
		}
		if err != nil {
			return
		}
	}
}

// order passes one line on, unless it is dropped.
func (o *orders) order(engine io.Writer, line []byte) bool {
	var ask struct {
		ID      int `json:"id"`
		Replace *struct {
			Path string `json:"path"`
		} `json:"replace"`
	}
	if json.Unmarshal(line, &ask) == nil && ask.Replace != nil {
		f := o.proxy.fault("WRITE", ask.Replace.Path, true)
		if f.Before != nil {
			f.Before()
		}
		if f.Drop {
			return false
		}
		if f.After != nil {
			o.mu.Lock()
			o.after[fmt.Sprintf(`{"id":%d`, ask.ID)] = f.After
			o.mu.Unlock()
		}
	}
	_, err := engine.Write(line)
	return err == nil
}

func (o *orders) toClient(client io.Writer, engine io.Reader) {
	buf := make([]byte, 32<<10)
	for {
		n, err := engine.Read(buf)
		if n > 0 {
			o.answered(buf[:n])
			if _, err := client.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func (o *orders) answered(piece []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for words, after := range o.after {
		if at := bytes.Index(piece, []byte(words)); at >= 0 && !bytes.ContainsAny(piece[at+len(words):at+len(words)+1], "0123456789") {
			delete(o.after, words)
			after()
		}
	}
}
