package pace

import (
	"hash/fnv"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// machineClock reads CLOCK_BOOTTIME, which all processes share, which counts sleep, and which nobody sets.
func machineClock() clock {
	c := clock{now: func() time.Duration {
		var ts unix.Timespec
		if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
			return time.Duration(time.Now().UnixNano()) // kernels before 2.6.39
		}
		return time.Duration(ts.Nano())
	}}
	if id, err := os.ReadFile("/proc/sys/kernel/random/boot_id"); err == nil {
		h := fnv.New64a()
		h.Write(id)
		c.boot = h.Sum64()
	}
	return c
}
