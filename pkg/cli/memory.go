package cli

import (
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

const (
	// longFile is how many bytes of input make it worth while to think of
	// memory at all.
	longFile = 256 << 10

	// thrifty is how much garbage may gather, in percent of what is kept, while
	// that grows with the file. It holds no pointers, so that to collect often
	// costs little, and keeps a million rows small.
	thrifty = 25

	// roomToSend is what the heap may take, in bytes, while rows are sent and the
	// results finished: what is kept hardly grows then, and each row leaves garbage
	// behind. Where it does grow, all memory is held down to mostToSend.
	roomToSend = 32 << 20
	mostToSend = 40 << 20
)

// minds reports whether memory is to be thought of for a file, and not left to
// the operator.
func (p *program) minds(path string) bool {
	pace, _ := p.env("GOGC")
	limit, _ := p.env("GOMEMLIMIT")
	info, err := os.Stat(path)
	return pace == "" && limit == "" && err == nil && info.Size() >= longFile
}

// beThrifty has garbage collected often.
func beThrifty() {
	debug.SetGCPercent(thrifty)
	debug.SetMemoryLimit(math.MaxInt64)
}

// useRoom lets garbage fill the room there is, up to the next beThrifty.
func useRoom() {
	runtime.GC()
	kept := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(kept)
	live := max(8<<20, int(kept[0].Value.Uint64())) // workers and their connections are to come
	debug.SetGCPercent(max(thrifty, 100*(roomToSend-live)/live))
	debug.SetMemoryLimit(max(mostToSend, 2*int64(live))) // a file of millions takes what it takes
}
