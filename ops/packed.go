package ops

import (
	"sync"
	"sync/atomic"
)

// Packed shares packed forms of constants between the plans of one model. A
// form is packed once per (constant, name) and kept until the last plan that
// uses it lets go.
type Packed struct {
	mu    sync.Mutex
	forms map[packedKey]*packedForm
	bytes atomic.Int64 // of all forms
}

type packedKey struct {
	source *Tensor
	name   string
}

type packedForm struct {
	once  sync.Once
	value any
	bytes int64
	users int
}

// NewPacked makes an empty store.
func NewPacked() *Packed { return &Packed{forms: map[packedKey]*packedForm{}} }

// PackedUse is one plan's hold on the forms that it uses.
type PackedUse struct {
	store *Packed
	keys  []packedKey
}

// Use opens a hold for one plan.
func (p *Packed) Use() *PackedUse { return &PackedUse{store: p} }

// Form gives the packed form of source under name, packing it when it is the
// first to ask. pack returns the form and its size in bytes.
func (u *PackedUse) Form(source *Tensor, name string, pack func() (any, int)) any {
	key := packedKey{source, name}
	u.store.mu.Lock()
	f := u.store.forms[key]
	if f == nil {
		f = &packedForm{}
		u.store.forms[key] = f
	}
	f.users++
	u.keys = append(u.keys, key)
	u.store.mu.Unlock()
	f.once.Do(func() {
		value, n := pack()
		f.value, f.bytes = value, int64(n)
		u.store.bytes.Add(f.bytes)
	})
	return f.value
}

// Release drops the forms that no other plan uses. Those whose memory the garbage
// collector does not see are given back at once: the plan must not run any more.
func (u *PackedUse) Release() {
	u.store.mu.Lock()
	defer u.store.mu.Unlock()
	for _, k := range u.keys {
		f := u.store.forms[k]
		if f.users--; f.users == 0 {
			delete(u.store.forms, k)
			u.store.bytes.Add(-f.bytes)
			if mem, ok := f.value.(interface{ Release() }); ok {
				mem.Release()
			}
		}
	}
	u.keys = nil
}

// Bytes is the memory of all forms that are held now.
func (p *Packed) Bytes() int { return int(p.bytes.Load()) }
