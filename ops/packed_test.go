package ops

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// form counts how often its memory is given back.
type form struct{ released int }

func (f *form) Release() { f.released++ }

func TestPackedForms(t *testing.T) {
	store, source := NewPacked(), Of([]float32{1}, 1)
	packs := 0
	pack := func() (any, int) { packs++; return &form{}, 100 }

	first, second := store.Use(), store.Use()
	a := first.Form(source, "a", pack).(*form)
	require.Same(t, a, second.Form(source, "a", pack))
	b := second.Form(source, "b", pack).(*form)
	require.NotSame(t, a, b)
	plain := second.Form(source, "plain", func() (any, int) { return 7, 1 })
	require.Equal(t, 7, plain)
	require.Equal(t, 2, packs)
	require.Equal(t, 201, store.Bytes())

	second.Release()
	require.Equal(t, []int{0, 1}, []int{a.released, b.released}, "the first plan still uses a")
	require.Equal(t, 100, store.Bytes())
	second.Release()
	first.Release()
	require.Equal(t, []int{1, 1}, []int{a.released, b.released})
	require.Zero(t, store.Bytes())
}
