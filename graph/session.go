package graph

import (
	"context"
	"fmt"
	"slices"
	"unsafe"

	"github.com/tconv/tconv/ops"
)

// Session runs a model again and again with memory of its own. It belongs to one
// goroutine at a time.
type Session struct {
	model *Model
	specs []ops.Spec
	entry *entry
	frame *frame
}

// NewSession opens a session. It takes memory when it first runs.
func (m *Model) NewSession() *Session {
	s := &Session{model: m}
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.closed {
		m.sessions[s] = struct{}{}
	}
	return s
}

// Close gives the session's memory back to the model.
func (s *Session) Close() {
	m := s.model
	if m.begin() != nil {
		return // the model's Close has done, or is doing, the same
	}
	defer m.end()
	s.letGo()
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.sessions, s)
}

// letGo gives the frame back to its entry, for the next session.
func (s *Session) letGo() {
	if s.entry == nil {
		return
	}
	m, e, f := s.model, s.entry, s.frame
	s.entry, s.frame = nil, nil
	m.mu.Lock()
	if f != nil && !e.evicted && !m.closed && len(e.idle) < m.opt.Limits.Sessions {
		e.idle = append(e.idle, f)
		f = nil
	}
	m.mu.Unlock()
	if f != nil {
		f.close()
	}
	m.release(e)
}

// Run computes the outputs for the inputs, both in the order of the graph. An
// element of outputs is a tensor of the right type and shape, whose memory is
// written, or the zero Tensor, which receives memory of its own. As long as the
// input shapes stay the same nothing that grows with tensors is allocated beside
// such outputs.
func (s *Session) Run(ctx context.Context, inputs, outputs []*ops.Tensor) error {
	if err := s.model.begin(); err != nil {
		return err
	}
	defer s.model.end()
	if err := checkApart(inputs, outputs); err != nil {
		return err
	}
	defer func() { clear(s.specs) }() // they hold the caller's tensors
	s.specs = s.specs[:0]
	for _, t := range inputs {
		s.specs = append(s.specs, t.Spec())
	}
	if err := s.prepare(); err != nil {
		return err
	}
	return s.frame.run(ctx, inputs, outputs, s.model.opt.Observe)
}

// checkApart refuses outputs that lie in the memory of an input or of another
// output: steps write them while others still read.
func checkApart(inputs, outputs []*ops.Tensor) error {
	for i, out := range outputs {
		if len(out.Bytes()) == 0 {
			continue
		}
		for k, in := range inputs {
			if overlap(out.Bytes(), in.Bytes()) {
				return fmt.Errorf("%w: output %d shares memory with input %d, want memory of its own", ErrInput, i, k)
			}
		}
		for k, other := range outputs[:i] {
			if out != other && overlap(out.Bytes(), other.Bytes()) {
				return fmt.Errorf("%w: output %d shares memory with output %d, want memory of its own", ErrInput, i, k)
			}
		}
	}
	return nil
}

// overlap reports whether two slices have a byte in common.
func overlap(a, b []byte) bool {
	if len(a) == 0 || len(b) == 0 {
		return false
	}
	startA, startB := uintptr(unsafe.Pointer(&a[0])), uintptr(unsafe.Pointer(&b[0]))
	return startA < startB+uintptr(len(b)) && startB < startA+uintptr(len(a))
}

// prepare gets a frame for the input shapes.
func (s *Session) prepare() error {
	if s.frame != nil && slices.EqualFunc(s.entry.inputs, s.specs, sameInput) {
		return nil
	}
	s.letGo()
	if !s.model.inner {
		if err := s.model.CheckInputs(s.specs); err != nil {
			return err
		}
	}
	e, err := s.model.acquire(s.specs)
	if err != nil {
		return err
	}
	s.entry = e
	m := s.model
	m.mu.Lock()
	if n := len(e.idle); n > 0 {
		s.frame, e.idle = e.idle[n-1], e.idle[:n-1]
	}
	m.mu.Unlock()
	if s.frame != nil {
		return nil
	}
	if s.frame, err = newFrame(e.plan, m.pool, m.budget); err != nil {
		s.letGo()
		return err
	}
	s.frame.labels = m.opt.Labels
	return nil
}
