//go:build !unix && !windows

package probe

import (
	"errors"

	"github.com/sockls/sockls/collector/why"
)

func try(why.Bind, bool) (string, error) {
	return "", cannot("bind", errors.ErrUnsupported)
}
