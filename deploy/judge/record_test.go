package judge

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	const ms = time.Millisecond
	for _, test := range []struct {
		name, line string
		want       Record
		wrong      bool
	}{
		{
			name: "one server answers",
			line: `<190>Nov 28 18:41:55 edge nginx: {"c":"7:3","a":"10.0.0.2:3000","v":"200","h":"0.012","t":"0.250","s":"200","m":"GET","u":"/cart?token=secret"}`,
			want: Record{ID: "7:3", Status: 200, Request: "GET /cart", Attempts: []Attempt{{"10.0.0.2:3000", 200, 12 * ms}}},
		},
		{
			name: "the next server answers, and an internal redirect follows",
			line: `{"c":"7:4","a":"10.0.0.2:3000, 10.0.0.3:3000 : [fd00::4]:80","v":"502, 404 : 200","h":"-, 0.001 : 0.002","t":"1.500, 0.001 : 0.003","s":"200","m":"POST","u":"/a;jsessionid=1","k":"1.2.3.4"}`,
			want: Record{ID: "7:4", Status: 200, Request: "POST /a", Key: "1.2.3.4", Attempts: []Attempt{{"10.0.0.2:3000", 502, 1500 * ms}, {"10.0.0.3:3000", 404, ms}, {"[fd00::4]:80", 200, 2 * ms}}},
		},
		{
			name: "an internal redirect without a server ends the list",
			line: `{"c":"7:4","a":"10.0.0.2:3000 : ","v":"502 : ","h":"- : ","t":"0.001 : ","s":"502","m":"GET","u":"/"}`,
			want: Record{ID: "7:4", Status: 502, Request: "GET /", Attempts: []Attempt{{"10.0.0.2:3000", 502, ms}}},
		},
		{
			name: "the client did not wait",
			line: `{"c":"8:1","a":"10.0.0.2:3000","v":"-","h":"-","t":"5.000","s":"499","m":"GET","u":"/slow"}`,
			want: Record{ID: "8:1", Status: 499, Request: "GET /slow", Attempts: []Attempt{{"10.0.0.2:3000", 0, 5000 * ms}}},
		},
		{
			name: "nginx answers itself",
			line: `{"c":"9:1","a":"","v":"","h":"","t":"","s":"000","m":"","u":""}`,
			want: Record{ID: "9:1"},
		},
		{name: "another format", line: `<190>Nov 28 18:41:55 edge nginx: 1.2.3.4 - - "GET / HTTP/1.1" 200`, wrong: true},
		{name: "half a line", line: `{"c":"9:1","a":"`, wrong: true},
		{name: "another object", line: `{"time":"now"}`, wrong: true},
	} {
		got, err := Parse([]byte(test.line))
		if (err != nil) != test.wrong || !test.wrong && !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: %+v, %v; want %+v", test.name, got, err, test.want)
		}
	}
}

func TestParseCutsLongPaths(t *testing.T) {
	got, err := Parse([]byte(`{"c":"1:1","s":"200","m":"GET","u":"/` + strings.Repeat("é", 3000) + `"}`))
	if err != nil || len(got.Request) > longest+10 || !strings.HasPrefix(got.Request, "GET /é") {
		t.Errorf("%d bytes, %v", len(got.Request), err)
	}
}
