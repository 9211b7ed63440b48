package judge

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Record is one request as nginx logged it when it was done.
type Record struct {
	// ID is the connection and the number of the request on it: two records with the same one are of one request.
	ID       string    `json:"id"`
	Attempts []Attempt `json:"attempts,omitempty"` // in their order; more than one where nginx tried the next server
	Status   int       `json:"status"`             // that the client got; 0: none
	Request  string    `json:"request"`            // method and path, without parameters
	Key      string    `json:"key,omitempty"`      // by which a canary chooses the colour
}

// Attempt is one try of nginx's to have a request answered.
type Attempt struct {
	Address string        `json:"address"`
	Status  int           `json:"status"` // 0: there was no answer
	Took    time.Duration `json:"took"`   // until the header of the answer came, or the attempt ended; negative: not known
}

// Batch is what came since the receiver was asked last.
type Batch struct {
	Records    []Record `json:"records,omitempty"`
	Lost       int      `json:"lost,omitempty"`       // lines that the kernel dropped, or that there was no room for
	Unreadable int      `json:"unreadable,omitempty"` // lines that are not of LogFormat
	// Fresh says that the receiver has just begun to listen: nginx was restarted, or this is the first time. The IDs of
	// earlier records may come again.
	Fresh bool `json:"fresh,omitempty"`
}

// LogFormat is the text of the log format that Parse reads. Key is a variable of nginx's, empty where there is none.
func LogFormat(key string) string {
	text := `{"c":"$connection:$connection_requests","a":"$upstream_addr","v":"$upstream_status","h":"$upstream_header_time","t":"$upstream_response_time","s":"$status","m":"$request_method","u":"$request_uri"`
	if key != "" {
		text += `,"k":"` + key + `"`
	}
	return text + "}"
}

// longest is how much of a path is kept.
const longest = 120

// Parse reads a line of LogFormat. What stands before the first brace is syslog's.
func Parse(line []byte) (Record, error) {
	var raw struct{ C, A, V, H, T, S, M, U, K string }
	start := strings.IndexByte(string(line), '{')
	if start < 0 {
		return Record{}, fmt.Errorf("a line without a record: %.80q", line)
	}
	if err := json.Unmarshal(line[start:], &raw); err != nil {
		return Record{}, fmt.Errorf("a line that is not of the log format: %w", err)
	}
	if raw.C == "" || raw.S == "" {
		return Record{}, fmt.Errorf("a line without its connection or its status: %.80q", line)
	}
	r := Record{ID: raw.C, Key: raw.K, Request: requestOf(raw.M, raw.U)}
	r.Status, _ = strconv.Atoi(raw.S)
	statuses, headers, whole := listed(raw.V), listed(raw.H), listed(raw.T)
	for i, address := range listed(raw.A) {
		a := Attempt{Address: address, Took: secondsAt(headers, i)}
		if i < len(statuses) {
			a.Status, _ = strconv.Atoi(statuses[i])
		}
		if a.Took < 0 {
			a.Took = secondsAt(whole, i)
		}
		r.Attempts = append(r.Attempts, a)
	}
	return r, nil
}

// requestOf is the method and the path. A path's parameters may hold what nobody is to read.
func requestOf(method, uri string) string {
	if at := strings.IndexAny(uri, "?#;"); at >= 0 {
		uri = uri[:at]
	}
	if len(uri) > longest {
		uri = strings.ToValidUTF8(uri[:longest], "") + "…"
	}
	return strings.TrimSpace(method + " " + uri)
}

// listed are the values of a variable that has one for each server that nginx tried: "a, b : c", where the colon stands
// between two groups of servers.
func listed(text string) (values []string) {
	for _, value := range strings.Split(strings.ReplaceAll(text, " : ", ", "), ", ") {
		if value = strings.Trim(value, " :,"); value != "" {
			values = append(values, value)
		}
	}
	return values
}

// secondsAt is a time of a list; negative where it is not known.
func secondsAt(times []string, i int) time.Duration {
	if i >= len(times) {
		return -1
	}
	seconds, err := strconv.ParseFloat(times[i], 64)
	if err != nil || seconds < 0 {
		return -1
	}
	return time.Duration(seconds*1000+0.5) * time.Millisecond
}
