package ui

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"bluegate/testdata/reports"
)

func TestReportsMatchTheSchema(t *testing.T) {
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	schema, err := compiler.Compile("report.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	for name, r := range reports.All() {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			if err := Write(&out, "json", r, ""); err != nil {
				t.Fatal(err)
			}
			value, err := jsonschema.UnmarshalJSON(bytes.NewReader(out.Bytes()))
			if err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(value); err != nil {
				t.Errorf("%v\n%s", err, out.String())
			}
			var back map[string]any
			if err := json.Unmarshal(out.Bytes(), &back); err != nil || back["outcome"] != string(r.Outcome) {
				t.Errorf("%v, %v", back["outcome"], err)
			}
		})
	}
}
