package onnx

// Limits of what [Unmarshal] and its siblings accept.
const (
	// MaxDepth is how deep messages may nest, the root counted; protobuf's own default.
	MaxDepth = 100
	// MaxNodes is how many nodes all graphs and functions of a model may hold together.
	MaxNodes = 1_000_000
	// MaxRank is how many dimensions a tensor may have.
	MaxRank = 16
)

const (
	budgetPerByte = 3
	budgetFixed   = 16 << 20
	// budgetReserve is kept back for what is not charged: the decoder itself and the text of an error.
	budgetReserve = 64 << 10
)

// budget bounds the memory that one message may allocate while it is decoded.
type budget struct {
	given int64 // bytes of input
	left  int64 // bytes that may still be allocated
}

func newBudget(given int) budget {
	return budget{given: int64(given), left: budgetPerByte*int64(given) + budgetFixed - budgetReserve}
}

// charge takes one allocation of n bytes off the budget, or says that it does not fit.
func (b *budget) charge(n int64) error {
	n = allocated(n)
	if n > b.left {
		return overLimit("decoding takes more memory than allowed: want at most %d bytes (%d x the %d bytes given + %d MiB)",
			budgetPerByte*b.given+budgetFixed, budgetPerByte, b.given, budgetFixed>>20)
	}
	b.left -= n
	return nil
}

// allocated is an upper bound of what the Go runtime takes for an allocation of n bytes: its size classes are 16 bytes
// apart up to 256, at most 1/5 apart up to 32 KiB (with an 8-byte header for objects with pointers from 512 on), and
// whole pages of 8 KiB above.
func allocated(n int64) int64 {
	const header, page = 8, 8 << 10
	switch {
	case n <= 256:
		return (n + 15) &^ 15
	case n <= 32<<10-header:
		return n + n/5 + header
	default:
		return (n + header + page - 1) &^ (page - 1)
	}
}
