package ops

// Own gives t memory of its own, with the same elements.
func (t *Tensor) Own() {
	data := alignedBytes(len(t.data))
	copy(data, t.data)
	t.data = data
}

// SetBytes points t at other memory of the same type and shape; nil leaves it
// without elements until they are set again. The runner uses it for weights that
// it releases.
func (t *Tensor) SetBytes(data []byte) { t.data = data }
