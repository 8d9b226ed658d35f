package pace

import (
	"hash/fnv"
	"time"

	"golang.org/x/sys/unix"
)

// machineClock reads CLOCK_MONOTONIC_RAW, which all processes share, which on macOS counts sleep, and
// which nobody sets.
func machineClock() clock {
	c := clock{now: func() time.Duration {
		var ts unix.Timespec
		if err := unix.ClockGettime(unix.CLOCK_MONOTONIC_RAW, &ts); err != nil {
			return time.Duration(time.Now().UnixNano()) // before macOS 10.12
		}
		return time.Duration(ts.Nano())
	}}
	if id, err := unix.Sysctl("kern.bootsessionuuid"); err == nil {
		h := fnv.New64a()
		h.Write([]byte(id))
		c.boot = h.Sum64()
	}
	return c
}
