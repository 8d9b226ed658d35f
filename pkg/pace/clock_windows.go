package pace

import "golang.org/x/sys/windows"

// machineClock reads GetTickCount64, which all processes share, which counts sleep, and which nobody
// sets. It ticks every 16 ms: the thousandth by which windows are stretched covers that from 16 s on.
// Windows names no boots; a restart shows as stamps from the future.
func machineClock() clock { return clock{now: windows.DurationSinceBoot} }
