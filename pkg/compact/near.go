package compact

// neighbours is how many numbers of a Near share a base.
const neighbours = 16

// Near holds a number for each place, as a Column does. Those that lie less
// than 255 above the first that was set of some neighbours, as offsets of
// things that stand one after the other do, take little more than a byte each,
// the others five. All are less than the highest uint32. The zero Near is empty.
type Near struct {
	bases Column[uint32] // one more than the first number of some neighbours
	above Column[uint8]  // one more than what is above that; 0 = the number is far
	far   Column[uint32]
}

// At is the number at a place.
func (n *Near) At(place int) uint32 {
	if above := n.above.At(place); above != 0 {
		return n.bases.At(place/neighbours) - 1 + uint32(above) - 1
	}
	return n.far.At(place)
}

// Set sets the number at a place.
func (n *Near) Set(place int, number uint32) {
	base := n.bases.At(place / neighbours)
	if base == 0 {
		base = number + 1
		n.bases.Set(place/neighbours, base)
	}
	above := int64(number) + 2 - int64(base)
	if above < 1 || above > 255 {
		n.far.Set(place, number)
		above = 0
	}
	n.above.Set(place, uint8(above))
}
