package ops

// unpackBits spreads the elements of a packed type (4 or 2 bits, the first
// element in the low bits) over bytes, without sign extension.
func unpackBits(c *Call, t *Tensor) (*Tensor, error) {
	y, err := c.New(Uint8, t.shape)
	if err != nil {
		return nil, err
	}
	bits := t.dtype.Bits()
	perByte, mask := 8/bits, byte(1)<<bits-1
	for i := range y.Bytes() {
		y.Bytes()[i] = t.Bytes()[i/perByte] >> (i % perByte * bits) & mask
	}
	return y, nil
}

// packBits is the inverse of unpackBits; bits beyond the width are dropped, and
// bits of the last byte that no element uses are zero.
func packBits(t *Tensor, elems []byte) {
	bits := t.dtype.Bits()
	perByte, mask := 8/bits, byte(1)<<bits-1
	clear(t.Bytes())
	for i, v := range elems {
		t.Bytes()[i/perByte] |= v & mask << (i % perByte * bits)
	}
}
