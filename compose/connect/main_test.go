package connect

import (
	"context"
	"fmt"
	"io"
	"os"
	"testing"

	"github.com/sirupsen/logrus"
)

// connectOnly makes the test binary connect with its environment and print the result.
const connectOnly = "BLUEGATE_TEST_CONNECT"

func TestMain(m *testing.M) {
	logrus.SetOutput(io.Discard) // as Connect does
	if os.Getenv(connectOnly) == "" {
		os.Exit(m.Run())
	}
	if _, err := To(context.Background(), "", ""); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("connected")
}
