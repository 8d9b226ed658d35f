package order

// What stands in the wave of a row that waits before its number is known. A
// row that waits for nobody has wave 0.
const (
	unvisited = 0
	underway  = -1
	inCycle   = -2
)

// sail gives every row its wave. It walks each row's chain of waiting down to
// rows whose wave is known, with its own stack: a chain may be as long as the
// file.
func (o *Order) sail() {
	var stack []int
	for r := range o.rows {
		stack = append(stack[:0], r)
		for len(stack) > 0 {
			stack = o.visit(stack)
		}
		o.waves = max(o.waves, o.Wave(r+1)+1)
	}
}

// visit settles the row on top of the stack, or puts a row that it waits for
// on top of it.
func (o *Order) visit(stack []int) []int {
	top := stack[len(stack)-1]
	waits := o.waitsFor(top)
	if waits == [2]int{none, none} || o.wave.At(top) > 0 || o.wave.At(top) == inCycle {
		return stack[:len(stack)-1]
	}
	o.wave.Set(top, underway)
	wave := int32(0)
	for _, w := range waits {
		if w == none {
			continue
		}
		switch known := o.wave.At(w); {
		case known == underway:
			o.markCycle(stack, w)
			return stack[:len(stack)-1]
		case known == inCycle:
			wave = max(wave, 1) // after the rows of the cycle have failed
		case known == unvisited && o.waitsFor(w) != [2]int{none, none}:
			return append(stack, w)
		default:
			wave = max(wave, known+1)
		}
	}
	o.wave.Set(top, wave)
	return stack[:len(stack)-1]
}

// markCycle marks the rows of the stack from w upwards: each waits for the
// next, and the last for w.
func (o *Order) markCycle(stack []int, w int) {
	for i := len(stack) - 1; i >= 0; i-- {
		o.wave.Set(stack[i], inCycle)
		if stack[i] == w {
			return
		}
	}
}
