package cpu

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Neighbouring chunks, which one thread makes, share what is dear: the rows where weights are few, else the weights.
func TestBlockedCutOrder(t *testing.T) {
	depthwise := square(1, 64, 64, 112, 3)
	depthwise.Group = 64
	for _, c := range []struct {
		name     string
		g        ConvGeom
		sameRows bool
	}{
		{"few weights", square(1, 1, 128, 224, 5), true},
		{"many weights", square(1, 128, 128, 20, 3), false},
		{"depthwise", depthwise, false},
	} {
		eachTier(t, func(t *testing.T, k *Kernels) {
			p := NewBlockedConv(k, c.g, PackBlockedConvWeights(k, c.g, make([]float32, c.g.weights())), Epilogue{})
			require.Greater(t, p.cut.strips, 1, c.name)
			require.Greater(t, len(p.cut.ends), 1, c.name)
			strip, items := p.cut.at(0)
			next, more := p.cut.at(1)
			require.Equal(t, c.sameRows, strip == next, c.name)
			require.Equal(t, c.sameRows, items[0] != more[0], c.name)
		})
	}
}
