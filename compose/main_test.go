package compose

import (
	"context"
	"fmt"
	"io"
	"os"
	"testing"

	"github.com/sirupsen/logrus"
)

// connectOnly makes the test binary connect by its environment and say how that went.
const connectOnly = "BLUEGATE_TEST_CONNECT"

func TestMain(m *testing.M) {
	logrus.SetOutput(io.Discard) // as Connect does
	if os.Getenv(connectOnly) == "" {
		os.Exit(m.Run())
	}
	if _, err := Connect(context.Background(), "", ""); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("connected")
}
