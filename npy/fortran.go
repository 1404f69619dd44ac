package npy

// fromFortran reorders elements from Fortran order (first dimension fastest) to C order (last dimension
// fastest). It gives data itself where both are the same.
func fromFortran(data []byte, shape []int, size int) []byte {
	if atMostOneLong(shape) || len(data) == 0 {
		return data
	}
	strides := make([]int, len(shape)) // bytes from one index to the next, in data
	step := size
	for i, d := range shape {
		strides[i] = step
		step *= d
	}
	out := make([]byte, 0, len(data))
	index := make([]int, len(shape))
	for src := 0; len(out) < len(data); {
		out = append(out, data[src:src+size]...)
		src += next(index, shape, strides)
	}
	return out
}

// next moves index to the following element in C order and gives the change of its place in bytes.
func next(index, shape, strides []int) int {
	move := 0
	for i := len(shape) - 1; i >= 0; i-- {
		index[i]++
		move += strides[i]
		if index[i] < shape[i] {
			break
		}
		move -= strides[i] * shape[i]
		index[i] = 0
	}
	return move
}

// atMostOneLong tells whether at most one dimension is not 1, so that the order of elements is the same.
func atMostOneLong(shape []int) bool {
	long := 0
	for _, d := range shape {
		if d != 1 {
			long++
		}
	}
	return long <= 1
}
