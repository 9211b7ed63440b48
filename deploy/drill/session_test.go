package drill

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"bluegate/deploy/drill/load"
	"bluegate/deploy/model"
	"bluegate/deploy/report"
)

// colours tell what they were asked for, and fail at one of it.
type colours struct {
	done  []string
	fails string
	still bool // what is in flight on the live colour does not end
}

var errStep = errors.New("a step failed")

func (c *colours) does(step string) error {
	c.done = append(c.done, step)
	if step == c.fails {
		return errStep
	}
	return nil
}

func (c *colours) Plan(context.Context) error         { return c.does("plan") }
func (c *colours) There(context.Context) error        { return c.does("there") }
func (c *colours) Left(context.Context) (bool, error) { return !c.still, c.does("left") }
func (c *colours) Back(context.Context) error         { return c.does("back") }
func (c *colours) Free(context.Context) (bool, error) {
	time.Sleep(time.Second)
	return c.fails != "free", c.does("free")
}
func (c *colours) Remove(context.Context) error { return c.does("remove") }

// steady is a load of which one request is answered.
type steady struct{ stopped *int }

func (steady) Try(context.Context, string, load.Options) ([]load.Request, error) { return nil, nil }
func (l steady) Start(context.Context, string, load.Options) (Running, error)    { return l, nil }
func (l steady) Stop() load.Record {
	*l.stopped++
	return load.NewRecord([]load.Request{{Kind: load.NoKeepAlive, Path: "/", Start: time.Now(), End: time.Now(), Status: 200}}, 9)
}

// Whatever fails, the drill ends there, the load is stopped, and what was switched until then is told.
func TestCourse(t *testing.T) {
	for name, test := range map[string]struct {
		colours  colours
		switches int
		steps    []string
		told     []model.Colour
	}{
		"two":                 {colours{}, 2, []string{"there", "left", "back", "free", "remove"}, []model.Colour{model.Green, model.Blue}},
		"four":                {colours{}, 4, []string{"there", "left", "back", "free", "plan", "there", "left", "back", "free", "remove"}, []model.Colour{model.Green, model.Blue, model.Green, model.Blue}},
		"no switch":           {colours{fails: "there"}, 2, []string{"there"}, []model.Colour{model.Green}},
		"not back":            {colours{fails: "back"}, 2, []string{"there", "left", "back"}, []model.Colour{model.Green, model.Blue}},
		"the copy is in use":  {colours{fails: "free"}, 2, []string{"there", "left", "back", "free"}, []model.Colour{model.Green, model.Blue}},
		"the live one drains": {colours{still: true}, 2, []string{"there", "left", "back", "free", "remove"}, []model.Colour{model.Green, model.Blue}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				stopped := 0
				s := NewSession(Settings{Switches: test.switches}.WithDefaults(), steady{&stopped})
				err := s.Course(t.Context(), model.Blue, model.Green, &test.colours)
				if (err != nil) != (test.colours.fails != "") || !slices.Equal(test.colours.done, test.steps) {
					t.Errorf("%v: %v", test.colours.done, err)
				}
				result := s.Result()
				var told []model.Colour
				for _, one := range result.Switches {
					told = append(told, one.To)
				}
				if stopped != 1 || result.Requests != 1 || !slices.Equal(told, test.told) {
					t.Errorf("stopped %d times, %+v", stopped, result)
				}
				if first := result.Switches[0]; first.Drained != (!test.colours.still && test.colours.fails != "there") {
					t.Errorf("%+v", first)
				}
				if len(told) == 2 && test.colours.fails != "back" && result.Switches[1].DrainMS != 1000 {
					t.Errorf("%+v", result.Switches[1])
				}
			})
		})
	}
}

func TestOutcome(t *testing.T) {
	for _, test := range []struct {
		lost, announced int
		accept          bool
		want            model.Outcome
	}{
		{0, 0, false, model.OK}, {0, 0, true, model.OK}, {2, 2, false, model.Lost}, {2, 2, true, model.OK}, {2, 1, true, model.Lost},
	} {
		if got := (Settings{AcceptAnnounced: test.accept}).Outcome(&report.Drill{Lost: test.lost, Announced: test.announced}); got != test.want {
			t.Errorf("%+v: %s", test, got)
		}
	}
}

func TestResultWithoutLoad(t *testing.T) {
	if got := NewSession(Settings{}, nil).Result(); got != nil {
		t.Errorf("%+v", got)
	}
}
