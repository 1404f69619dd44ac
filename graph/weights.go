package graph

import (
	"fmt"
	"hash/crc32"
	"runtime/debug"
	"sync"
	"unsafe"

	"github.com/tconv/tconv/ops"
)

// Source is the file from which a model was read, whose bytes weights may alias.
type Source struct {
	Data []byte
	// Reload reads the file again; nil keeps Data for good.
	Reload func() ([]byte, error)
}

// weights lets the model do without the bytes of its file while every plan has
// packed what it needs of them, and reads them again for the next plan: packed
// weights are larger than the file, and both together are what a process weighs.
type weights struct {
	mu     sync.Mutex // held while somebody may read large weights
	source Source
	size   int
	sum    uint32
	loaded bool
	large  []largeWeight
}

// largeWeight is a constant whose elements lie in the file's bytes.
type largeWeight struct {
	tensor *ops.Tensor
	offset int
	size   int
}

// leastLarge is the size in bytes from which a constant stays in the file's bytes;
// smaller ones get memory of their own, so that nothing else holds on to the file.
const leastLarge = 64 << 10

// worthReleasing is the size of files below which they stay in memory.
const worthReleasing = 4 << 20

// castagnoli is the polynomial for which processors have an instruction.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// newWeights finds the constants of g that alias the file.
func newWeights(g *Graph, source Source) *weights {
	w := &weights{source: source, size: len(source.Data), loaded: true}
	if source.Reload == nil || len(source.Data) < worthReleasing {
		w.source.Reload = nil
		return w
	}
	w.sum = crc32.Checksum(source.Data, castagnoli)
	seen := map[*ops.Tensor]bool{}
	for i := range g.Values {
		c := g.Values[i].Spec.Const
		if c == nil || seen[c] || c.Kind() != ops.KindTensor {
			continue
		}
		seen[c] = true
		offset, inside := within(source.Data, c.Bytes())
		switch size := len(c.Bytes()); {
		case !inside:
		case size < leastLarge:
			c.Own()
		default:
			w.large = append(w.large, largeWeight{c, offset, size})
		}
	}
	return w
}

// within reports whether part lies in whole, and where.
func within(whole, part []byte) (offset int, ok bool) {
	if len(part) == 0 || len(whole) == 0 {
		return 0, false
	}
	base, at := uintptr(unsafe.Pointer(&whole[0])), uintptr(unsafe.Pointer(&part[0]))
	if at < base || at+uintptr(len(part)) > base+uintptr(len(whole)) {
		return 0, false
	}
	return int(at - base), true
}

// use calls f while all weights are in memory, one caller at a time. The plan that
// f gives says which of them its steps go on reading: those get memory of their
// own. The rest is released.
func (w *weights) use(f func() (*Plan, error)) (*Plan, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.load(); err != nil {
		return nil, err
	}
	p, err := f()
	if err == nil {
		w.keep(p)
	}
	w.release()
	return p, err
}

// load reads the file again if it was released, and checks that it is the same.
func (w *weights) load() error {
	if w.loaded {
		return nil
	}
	data, err := w.source.Reload()
	if err != nil {
		return fmt.Errorf("reading the weights again: %w", err)
	}
	if len(data) != w.size || crc32.Checksum(data, castagnoli) != w.sum {
		return fmt.Errorf("%w: the model's file changed since it was opened", ErrInvalidModel)
	}
	for _, l := range w.large {
		l.tensor.SetBytes(data[l.offset:][:l.size])
	}
	w.source.Data, w.loaded = data, true
	return nil
}

// keep gives memory of their own to the weights that steps of p read when they run.
func (w *weights) keep(p *Plan) {
	if w.source.Reload == nil || p == nil {
		return
	}
	read := p.constantsRead()
	kept := w.large[:0]
	for _, l := range w.large {
		if read[l.tensor] {
			l.tensor.Own()
			continue
		}
		kept = append(kept, l)
	}
	w.large = kept
}

// release lets go of the file's bytes. The collector is asked to give them back to
// the system at once: the arena, of about the same size, is wanted next.
func (w *weights) release() {
	if w.source.Reload == nil {
		return
	}
	for _, l := range w.large {
		l.tensor.SetBytes(nil)
	}
	w.source.Data, w.loaded = nil, false
	debug.FreeOSMemory()
}

// constantsRead is the set of constants that steps read when they run, or that
// leave as outputs.
func (p *Plan) constantsRead() map[*ops.Tensor]bool {
	read := map[*ops.Tensor]bool{}
	for _, s := range p.Steps {
		for i, id := range s.Node.Inputs {
			if c := p.Graph.Const(id); c != nil && !s.unread[i] {
				read[c] = true
			}
		}
	}
	for _, id := range p.Graph.Outputs {
		if c := p.Graph.Const(id); c != nil {
			read[c] = true
		}
	}
	return read
}
