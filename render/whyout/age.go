package whyout

import (
	"strconv"
	"time"
)

// appendAge appends a time span for reading, by its two greatest units.
func appendAge(dst []byte, d time.Duration) []byte {
	s := int64(d / time.Second)
	units := [...]struct {
		name    string
		seconds int64
	}{{"d", 86400}, {"h", 3600}, {"min", 60}, {"s", 1}}
	for i, u := range units {
		if s < u.seconds && u.seconds > 1 {
			continue
		}
		dst = append(strconv.AppendInt(dst, s/u.seconds, 10), u.name...)
		if s %= u.seconds; i+1 < len(units) {
			if next := units[i+1]; s >= next.seconds {
				dst = append(strconv.AppendInt(dst, s/next.seconds, 10), next.name...)
			}
		}
		return dst
	}
	return dst
}
