package pace

import "time"

// A clock is what all processes of a machine stamp slots with: time since boot, so that setting the date
// neither frees a slot nor holds one back.
//
// It never shows less than a window before a window has passed since boot, and nothing sent before a boot
// arrives after it: so a stamp older than a window is safe to forget, whichever boot it is of.
type clock struct {
	boot uint64 // names this boot of the machine; 0 where boots have no names
	now  func() time.Duration
}
