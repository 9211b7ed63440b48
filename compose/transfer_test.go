package compose

import (
	"slices"
	"testing"

	"github.com/docker/compose/v5/pkg/api"

	"bluegate/deploy/model"
)

// untold is for who does not want to know how far a pull or a build is.
func untold(model.Transfer) {}

func TestLayers(t *testing.T) {
	var told []model.Transfer
	l := &layers{of: map[string]map[string]layer{}, tell: func(t model.Transfer) { told = append(told, t) }}
	a := &activity{}
	a.On(api.Resource{ID: "Image app:v5"}) // before a pull, nobody is told
	a.tell.Store(l)
	for _, e := range []api.Resource{
		{ID: "Image app:v5", Status: api.Working, Text: "Pulling"},
		{ID: "l1", ParentID: "Image app:v5", Text: "Pulling fs layer"},
		{ID: "l1", ParentID: "Image app:v5", Text: "Downloading", Current: 10, Total: 100},
		{ID: "l1", ParentID: "Image app:v5", Text: "Downloading", Current: 10, Total: 100}, // nothing new
		{ID: "l2", ParentID: "Image app:v5", Text: "Downloading", Current: 50, Total: 200},
		{ID: "x", ParentID: "Image other:v1", Text: "Downloading", Current: 1, Total: 2},
		{ID: "l1", ParentID: "Image app:v5", Text: "Download complete", Status: api.Done},
		{ID: "l1", ParentID: "Image app:v5", Text: "Extracting", Current: 3, Total: 100},
		{ID: "l3", ParentID: "Image app:v5", Text: "Already exists", Status: api.Done},
		{ID: "Image app:v5", Status: api.Done, Text: "Pulled"},
	} {
		a.On(e)
	}
	want := []model.Transfer{
		{Image: "app:v5"}, {Image: "app:v5", Done: 10, Total: 100}, {Image: "app:v5", Done: 60, Total: 300}, {Image: "other:v1", Done: 1, Total: 2},
		{Image: "app:v5", Done: 150, Total: 300}, {Image: "app:v5", Done: 150, Total: 300, Ended: true},
	}
	if !slices.Equal(told, want) {
		t.Errorf("told\n%+v\nwant\n%+v", told, want)
	}
}

func TestBuildSteps(t *testing.T) {
	for name, log := range map[string]string{
		"classic":  "Sending build context\nStep 1/2 : FROM x\n ---> 1234\nStep 2/2 : RUN make \x1b[2Jall\r\nSuccessfully built\n",
		"buildkit": "#1 [internal] load build definition\n#4 [build 1/2] FROM x\n#5 [2/2] RUN make \x1b[2Jall\n#4 [build 1/2] FROM x\n#5 0.1 Step 9 of 9\n#6 exporting\n",
	} {
		var told []model.Transfer
		b := buildSteps{image: "app:v5", tell: func(t model.Transfer) { told = append(told, t) }}
		b.begin()
		for _, piece := range log { // as it comes
			b.write([]byte(string(piece)))
		}
		b.end()
		want := []model.Transfer{
			{Image: "app:v5", Build: true, Words: "starting"}, {Image: "app:v5", Build: true, Done: 1, Total: 2, Words: "FROM x"},
			{Image: "app:v5", Build: true, Done: 2, Total: 2, Words: "RUN make [2Jall"}, {Image: "app:v5", Build: true, Done: 2, Total: 2, Ended: true},
		}
		if !slices.Equal(told, want) {
			t.Errorf("%s: told\n%+v\nwant\n%+v", name, told, want)
		}
	}
}
