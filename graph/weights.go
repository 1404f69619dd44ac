package graph

import (
	"sync"

	"github.com/tconv/tconv/ops"
)

// weights lets the model do without the elements of constants that can be read again
// while every plan has packed what it needs of them.
type weights struct {
	mu     sync.Mutex // held while somebody may read large weights
	source *Source    // nil: all constants are in memory
}

// use calls f, one caller at a time. The plan that f gives says which constants its
// steps go on reading: those stay in memory. The rest is dropped.
func (w *weights) use(g *Graph, f func() (*Plan, error)) (p *Plan, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.source.Hold()
	defer w.source.Release()
	defer unread(&err)
	defer g.dropConstants()
	p, err = f()
	if err == nil && p != nil {
		p.keepConstants()
		p.Graph.dropConstants()
	}
	return p, err
}

// scratch is memory for weights that are packed at once, valid during use; nil where
// there is no file.
func (w *weights) scratch() *ops.Scratch {
	if w.source == nil {
		return nil
	}
	return ops.NewScratch(w.source.lend)
}

// unread, deferred, turns the panic of a constant that could not be read into an
// error.
func unread(err *error) {
	switch v := recover().(type) {
	case nil:
	case *ops.ReadError:
		*err = v.Err
	default:
		panic(v)
	}
}

// dropConstants lets go of the constants that can be read again.
func (g *Graph) dropConstants() {
	g.eachConst(func(c *ops.Tensor) {
		if d := c.Deferred(); d != nil {
			d.Drop()
		}
	})
}

// dropInputs does so with those that a node reads, which is bound: what is packed of
// them is larger, and both together would be the most memory that a model takes.
func (g *Graph) dropInputs(n *Node) {
	for id := range given(n.Inputs) {
		if c := g.Const(id); c != nil && c.Deferred() != nil {
			c.Deferred().Drop()
		}
	}
}

// keepConstants reads for good the constants that steps read when they run, or that
// leave as outputs.
func (p *Plan) keepConstants() {
	for _, s := range p.Steps {
		for i, id := range s.Node.Inputs {
			if !s.unread[i] {
				p.Graph.keepConstant(id)
			}
		}
	}
	for _, id := range p.Graph.Outputs {
		p.Graph.keepConstant(id)
	}
}

func (g *Graph) keepConstant(id ValueID) {
	if c := g.Const(id); c != nil && c.Deferred() != nil {
		c.Deferred().Keep()
	}
}
