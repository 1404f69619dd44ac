package graph

import (
	"unsafe"

	"github.com/tconv/tconv/ops"
)

// ledger counts the memory that one run, with all its sub-graphs, allocates beside
// arenas. Values may share memory - a sequence and the tensors in it - so each
// loan counts the values that hold it; it is given back with the last one.
// Memory that no value holds when its step ends is given back then.
type ledger struct {
	budget *budget
	loans  map[*byte]*loan // by the first byte
	fresh  []*byte         // loans since the last sweep, in order
	lent   int             // bytes of outputs made for the caller, counted while the run goes on
}

// loan is one allocation.
type loan struct {
	bytes   int // counted
	holders int
	given   bool // to the caller, as a part of an output
	text    bool // strings: nobody told who made them
}

// loanOverhead is roughly what an allocation takes beside its bytes: a header, the
// Go heap's rounding, the loan itself. It keeps a loop from collecting millions of
// scalars for free.
const loanOverhead = 256

// alloc gives n zero bytes that are counted.
func (l *ledger) alloc(n int) ([]byte, error) {
	if n == 0 {
		return nil, nil
	}
	if err := l.budget.take(n + loanOverhead); err != nil {
		return nil, err
	}
	b := ops.NewTensor(ops.Uint8, ops.Shape{n}).Bytes()
	l.loans[&b[0]] = &loan{bytes: n + loanOverhead}
	l.fresh = append(l.fresh, &b[0])
	return b, nil
}

// leaves calls f with the first byte of the memory of each tensor in a value, and
// whether it holds strings; tensors without elements have none.
func leaves(t *ops.Tensor, f func(first *byte, t *ops.Tensor)) {
	switch {
	case t == nil:
	case t.Kind() != ops.KindTensor:
		for _, e := range t.Elems() {
			leaves(e, f)
		}
	case len(t.Strings()) > 0:
		f((*byte)(unsafe.Pointer(&t.Strings()[0])), t)
	case len(t.Bytes()) > 0:
		f(&t.Bytes()[0], t)
	}
}

// hold notes one more value that uses the memory of t. Memory that is not the
// run's (constants, the caller's, arenas) is passed over.
func (l *ledger) hold(t *ops.Tensor) (err error) {
	leaves(t, func(first *byte, leaf *ops.Tensor) {
		have := l.loans[first]
		if have == nil && leaf.DType() == ops.String && err == nil {
			n := heldBytes(leaf) + loanOverhead
			if err = l.budget.take(n); err != nil {
				return
			}
			have = &loan{bytes: n, text: true}
			l.loans[first] = have
		}
		if have != nil {
			have.holders++
		}
	})
	return err
}

// drop notes one value less.
func (l *ledger) drop(t *ops.Tensor) {
	leaves(t, func(first *byte, _ *ops.Tensor) {
		have := l.loans[first]
		if have == nil {
			return
		}
		if have.holders--; have.holders <= 0 {
			l.free(first, have)
		}
	})
}

func (l *ledger) free(first *byte, have *loan) {
	l.budget.give(have.bytes)
	delete(l.loans, first)
}

// owns reports whether the memory of t is the run's own and stays as long as a
// value holds it.
func (l *ledger) owns(t *ops.Tensor) bool {
	all := true
	leaves(t, func(first *byte, _ *ops.Tensor) {
		have := l.loans[first]
		all = all && have != nil && !have.text
	})
	return all
}

// exclusive reports whether the run owns the tensor t and exactly one value holds it.
func (l *ledger) exclusive(t *ops.Tensor) bool {
	only := t.Kind() == ops.KindTensor && t.DType() != ops.String
	leaves(t, func(first *byte, _ *ops.Tensor) {
		have := l.loans[first]
		only = only && have != nil && have.holders == 1
	})
	return only
}

// hand reports whether t can become the caller's as it is: the run owns its memory,
// and no part of it is in another output.
func (l *ledger) hand(t *ops.Tensor) bool {
	if !l.owns(t) {
		return false
	}
	free := true
	leaves(t, func(first *byte, _ *ops.Tensor) {
		free = free && !l.loans[first].given
		l.loans[first].given = true
	})
	return free
}

// lend counts the memory of an output until the run ends; then it is the caller's.
func (l *ledger) lend(n int) error {
	if err := l.budget.take(n); err != nil {
		return err
	}
	l.lent += n
	return nil
}

// mark is the place from which [ledger.sweep] looks.
func (l *ledger) mark() int { return len(l.fresh) }

// sweep gives the loans since mark back that no value holds.
func (l *ledger) sweep(mark int) {
	for _, first := range l.fresh[mark:] {
		if have := l.loans[first]; have != nil && have.holders == 0 {
			l.free(first, have)
		}
	}
	clear(l.fresh[mark:])
	l.fresh = l.fresh[:mark]
}

// close gives everything back at the end of a run.
func (l *ledger) close() {
	for first, have := range l.loans {
		l.free(first, have)
	}
	clear(l.fresh)
	l.fresh = l.fresh[:0]
	l.budget.give(l.lent)
	l.lent = 0
}

// stringHeaderBytes is what a string takes beside its text.
const stringHeaderBytes = 16

// heldBytes is the memory of a value and its members.
func heldBytes(t *ops.Tensor) int {
	n := t.ByteLen() + len(t.Strings())*stringHeaderBytes
	for _, e := range t.Elems() {
		n += heldBytes(e)
	}
	return n
}
