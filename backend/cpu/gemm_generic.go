package cpu

// gemmArgs are the operands of a matrix product's kernel of rows x cols, which equals
//
//	for i := range rows {
//		for j := range cols {
//			sum := 0 or, where accumulate, c[i*ldc+j]
//			for p := range k {
//				sum = fma(a[p*rows+i], b[p*cols+j], sum) // the generic kernels round the product
//			}
//			c[i*ldc+j] = sum
//		}
//	}
//
// Kernels of half a tile make the first cols/2 columns alone; b is the same.
//
// a and b are packed panels of k*rows and k*cols floats; c is (rows-1)*ldc+cols floats and overlaps neither. No
// alignment is needed, 64 bytes is best for b and c. A call with k = 2048 takes less than 20 us.
type gemmArgs struct {
	a, b, c    []float32
	rows, k    int
	ldc        int
	accumulate bool
}

// The generic tile: a row of 8 sums is what amd64 has registers for. Larger blocks of sums spill and gain nothing;
// the height only saves calls.
const genericRows, genericCols = 4, 8

// gemmGeneric holds the portable kernels of 8 columns by their rows.
var gemmGeneric = []func(gemmArgs){nil, gemmRows8Generic, gemmRows8Generic, gemmRows8Generic, gemmRows8Generic}

// gemmRows8Generic is the kernel of any number of rows x 8, row by row.
func gemmRows8Generic(args gemmArgs) {
	for i := range args.rows {
		c := (*[8]float32)(args.c[i*args.ldc:])
		var s [8]float32
		if args.accumulate {
			s = *c
		}
		s0, s1, s2, s3, s4, s5, s6, s7 := s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7]
		at, b := i, args.b
		for range args.k {
			x, v := args.a[at], (*[8]float32)(b)
			s0, s1, s2, s3 = s0+x*v[0], s1+x*v[1], s2+x*v[2], s3+x*v[3]
			s4, s5, s6, s7 = s4+x*v[4], s5+x*v[5], s6+x*v[6], s7+x*v[7]
			at, b = at+args.rows, b[8:]
		}
		*c = [8]float32{s0, s1, s2, s3, s4, s5, s6, s7}
	}
}
