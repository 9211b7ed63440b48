package agent

import (
	"fmt"
	"net"
	"testing"
	"time"

	"bluegate/deploy/judge"
)

const aLine = `<190>Nov 28 18:41:55 nginx: {"c":"%d:1","a":"10.0.0.2:3000","v":"200","h":"0.012","t":"0.012","s":"200","m":"GET","u":"/"}`

// freeUDP is a port of 127.0.0.1 on which nobody receives.
func freeUDP(t *testing.T) int {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.LocalAddr().(*net.UDPAddr).Port
}

// taken asks until something has come, or was lost.
func taken(t *testing.T, c *Client, port, want int) (all judge.Batch) {
	t.Helper()
	for until := time.Now().Add(20 * time.Second); time.Now().Before(until); time.Sleep(10 * time.Millisecond) {
		resp := ask(t, c, Request{Requests: &Requests{Port: port}})
		if resp.Error != "" || resp.Requests == nil {
			t.Fatalf("%+v", resp)
		}
		all.Records = append(all.Records, resp.Requests.Records...)
		all.Lost, all.Unreadable = all.Lost+resp.Requests.Lost, all.Unreadable+resp.Requests.Unreadable
		all.Fresh = all.Fresh || resp.Requests.Fresh
		if len(all.Records)+all.Lost+all.Unreadable >= want {
			break
		}
	}
	return all
}

func TestRequestsAreReceived(t *testing.T) {
	c, port := served(t), freeUDP(t)
	if first := taken(t, c, port, 0); !first.Fresh || len(first.Records) != 0 {
		t.Fatalf("at first: %+v", first)
	}
	conn, err := net.Dial("udp4", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for i := range 3 {
		fmt.Fprintf(conn, aLine, i)
	}
	fmt.Fprint(conn, "<190>Nov 28 18:41:55 nginx: 10.0.0.9 GET / 200")
	got := taken(t, c, port, 4)
	if got.Fresh || len(got.Records) != 3 || got.Unreadable != 1 || got.Lost != 0 || got.Records[2].ID != "2:1" || got.Records[0].Attempts[0].Address != "10.0.0.2:3000" {
		t.Errorf("%+v", got)
	}
	if again := ask(t, c, Request{Requests: &Requests{Port: port}}); len(again.Requests.Records) != 0 {
		t.Errorf("what was taken is there again: %+v", again.Requests)
	}
	ask(t, c, Request{Requests: &Requests{Port: port, Stop: true}})
	if free, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port}); err != nil {
		t.Errorf("it listens still: %v", err)
	} else {
		_ = free.Close()
	}
}

func TestPortThatIsTaken(t *testing.T) {
	other, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if resp := ask(t, served(t), Request{Requests: &Requests{Port: other.LocalAddr().(*net.UDPAddr).Port}}); resp.Error == "" {
		t.Errorf("%+v", resp)
	}
}

// Every line is a record, or is counted as lost: by the kernel, whose buffer is full while nobody reads, or by the
// receiver, which keeps so many.
func TestLostLinesAreCounted(t *testing.T) {
	var l requestLog
	port := freeUDP(t)
	if resp := l.take(Requests{Port: port}); resp.Error != "" {
		t.Fatal(resp.Error)
	}
	conn, err := net.Dial("udp4", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	const sent = 3 * mostRecords
	l.mu.Lock() // nobody reads
	for i := range sent {
		fmt.Fprintf(conn, aLine, i)
	}
	l.mu.Unlock()
	var got judge.Batch
	more := 0
	for until := time.Now().Add(20 * time.Second); time.Now().Before(until) && (more == 0 || len(got.Records)+got.Lost+got.Unreadable < sent+more); time.Sleep(50 * time.Millisecond) {
		fmt.Fprintf(conn, "one more line, with which the kernel tells")
		more++
		time.Sleep(50 * time.Millisecond)
		b := l.take(Requests{Port: port}).Requests
		got.Records, got.Lost, got.Unreadable = append(got.Records, b.Records...), got.Lost+b.Lost, got.Unreadable+b.Unreadable
	}
	if len(got.Records)+got.Lost+got.Unreadable != sent+more || got.Lost == 0 || len(got.Records) == 0 {
		t.Errorf("%d sent: %d records, %d lost, %d unreadable", sent+more, len(got.Records), got.Lost, got.Unreadable)
	}
	l.take(Requests{Port: port, Stop: true})
}

func TestRecordsAreBounded(t *testing.T) {
	l := requestLog{asked: time.Now()}
	for range mostRecords + 7 {
		l.keep(judge.Record{}, false, 5)
	}
	if len(l.batch.Records) != mostRecords || l.batch.Lost != 7+5 {
		t.Errorf("%d records, %d lost", len(l.batch.Records), l.batch.Lost)
	}
	l.asked = time.Now().Add(-2 * unasked)
	l.keep(judge.Record{}, false, 5)
	if len(l.batch.Records) != 1 {
		t.Errorf("%d records that nobody asked for are kept", len(l.batch.Records))
	}
}
