//go:build !linux && !darwin && !windows

package pace

import "time"

// machineClock is the wall clock, for want of better: when it is set back, stamps from the future are
// taken for now, which is safe; when it is set forward, slots come back too early.
func machineClock() clock {
	return clock{now: func() time.Duration { return time.Duration(time.Now().UnixNano()) }}
}
