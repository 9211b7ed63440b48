package main

import (
	"encoding/xml"
	"io"
	"strings"
	"testing"
)

func TestSVG(t *testing.T) {
	got := svg(" \x1b[32m✓\x1b[39m a <b>   far\n\x1b[2mdim\x1b[0m\n\n\n", 20)
	for _, want := range []string{
		`<text x="24.4" y="29.5" textLength="8.4" fill="#6bc46d">✓</text>`,
		`<text x="41.2" y="29.5" textLength="42.0">a &lt;b&gt;</text>`, `<text x="108.4" y="29.5" textLength="25.2">far</text>`,
		`<text x="16.0" y="47.5" textLength="25.2" opacity="0.6">dim</text>`, `height="68"`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("it does not have %s:\n%s", want, got)
		}
	}
	for d := xml.NewDecoder(strings.NewReader(got)); ; {
		if _, err := d.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatalf("not XML: %v\n%s", err, got)
		}
	}
}
