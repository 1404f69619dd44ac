package cpu

import "math"

func quantizeGeneric(args quantizeArgs) {
	const magic, magicBits = 0x1.8p23, 0x4B400000 // a sum with magic has no bits left for a fraction
	src, s := args.src[:len(args.dst)], args.ByteScale
	for i, v := range src {
		v /= s.Scale
		if !(v > s.Least) {
			v = s.Least
		}
		if v > s.Most {
			v = s.Most
		}
		args.dst[i] = byte(int32(math.Float32bits(v+magic)) - magicBits + s.Zero)
	}
}

func dequantizeGeneric[T int8 | uint8](args dequantizeArgs) {
	src := args.src[:len(args.dst)]
	for i, q := range src {
		args.dst[i] = float32(int32(T(q))-args.zero) * args.scale
	}
}
