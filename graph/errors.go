package graph

import (
	"errors"
	"fmt"
	"strings"

	"github.com/tconv/tconv/ops"
)

// What went wrong, for errors.Is.
var (
	// ErrInvalidModel marks a model that breaks the rules of ONNX.
	ErrInvalidModel = errors.New("invalid model")
	// ErrUnsupported marks a model that ONNX allows and tconv cannot run.
	ErrUnsupported = ops.ErrUnsupported
	// ErrInput marks inputs that the model does not take.
	ErrInput = errors.New("invalid input")
	// ErrLimit marks what would exceed a limit on memory, size or count.
	ErrLimit = ops.ErrLimit
	// ErrCanceled marks a run that its context ended.
	ErrCanceled = ops.ErrCanceled
	// ErrInternal marks a bug of tconv.
	ErrInternal = errors.New("internal error")
)

// maxNameBytes is how much of a name from a file stands in an error.
const maxNameBytes = 256

// quote writes a name from a file: quoted, and cut when it is long.
func quote(name string) string {
	if len(name) > maxNameBytes {
		name = name[:maxNameBytes] + "..."
	}
	return fmt.Sprintf("%q", name)
}

// maxTextBytes is how much of the text of one fault is kept: an operator may quote
// a shape or a list of a million numbers.
const maxTextBytes = 1 << 10

// cut shortens a text that a file made long.
func cut(text string) string {
	if len(text) > maxTextBytes {
		return text[:maxTextBytes] + "..."
	}
	return text
}

// InvalidError lists everything that is wrong with a model.
type InvalidError struct {
	Problems []string // one line each: what was found, what is wanted
	causes   []error
}

// maxProblems is how many problems are kept; a broken file can have millions.
const maxProblems = 20

// Error lists the problems, one per line where there are several.
func (e *InvalidError) Error() string {
	if len(e.Problems) == 1 {
		return "invalid model: " + e.Problems[0]
	}
	return fmt.Sprintf("invalid model, %d problems:\n  %s", len(e.Problems), strings.Join(e.Problems, "\n  "))
}

// Unwrap lets errors.Is find ErrInvalidModel and what caused the problems.
func (e *InvalidError) Unwrap() []error { return append([]error{ErrInvalidModel}, e.causes...) }

func (e *InvalidError) add(format string, args ...any) {
	err := fmt.Errorf(format, args...)
	switch {
	case len(e.Problems) < maxProblems:
		e.Problems = append(e.Problems, cut(err.Error()))
		if errors.Unwrap(err) != nil {
			e.causes = append(e.causes, err)
		}
	case len(e.Problems) == maxProblems:
		e.Problems = append(e.Problems, "... and more")
	}
}

// orNil is e when it holds a problem.
func (e *InvalidError) orNil() error {
	if len(e.Problems) == 0 {
		return nil
	}
	return e
}

// UnsupportedOp is one operator of a model that tconv cannot run.
type UnsupportedOp struct {
	Op     string   // with its version: Resize-19
	Reason string   // "not implemented", or what of it is not
	Count  int      // how many nodes
	Nodes  []string // the names of the first few
}

// UnsupportedError lists every operator of a model that tconv cannot run.
type UnsupportedError struct {
	Ops []UnsupportedOp

	index map[[2]string]int // place in Ops, by operator and reason
}

// maxUnsupported is how many different operators are listed.
const maxUnsupported = 1000

// namesShown is how many nodes of an unsupported operator are named.
const namesShown = 3

func (e *UnsupportedError) add(op, reason, node string) {
	reason = cut(reason)
	key := [2]string{op, reason}
	i, ok := e.index[key]
	if !ok {
		if len(e.Ops) == maxUnsupported {
			return
		}
		if e.index == nil {
			e.index = map[[2]string]int{}
		}
		i = len(e.Ops)
		e.index[key] = i
		e.Ops = append(e.Ops, UnsupportedOp{Op: op, Reason: reason})
	}
	u := &e.Ops[i]
	u.Count++
	if len(u.Nodes) < namesShown {
		u.Nodes = append(u.Nodes, node)
	}
}

// Error lists the operators with their numbers of nodes, some names and reasons.
func (e *UnsupportedError) Error() string {
	var b strings.Builder
	operators := "operators"
	if len(e.Ops) == 1 {
		operators = "operator"
	}
	fmt.Fprintf(&b, "the model uses %d %s that tconv cannot run", len(e.Ops), operators)
	for i, u := range e.Ops {
		if i == maxProblems {
			fmt.Fprintf(&b, "\n  ... and %d more", len(e.Ops)-i)
			break
		}
		names := make([]string, len(u.Nodes))
		for k, n := range u.Nodes {
			names[k] = quote(n)
		}
		more, nodes := "", "nodes"
		if u.Count > len(names) {
			more = ", ..."
		}
		if u.Count == 1 {
			nodes = "node"
		}
		fmt.Fprintf(&b, "\n  %-20s %d %s (%s%s)  %s", u.Op, u.Count, nodes, strings.Join(names, ", "), more, u.Reason)
	}
	return b.String()
}

// Unwrap lets errors.Is find ErrUnsupported.
func (e *UnsupportedError) Unwrap() error { return ErrUnsupported }

func (e *UnsupportedError) orNil() error {
	if len(e.Ops) == 0 {
		return nil
	}
	return e
}

// NodeError says at which node a shape rule or a run failed.
type NodeError struct {
	Node string // its name
	Op   string // with its version: Conv-11
	Err  error
}

// Error names the node and its operator, then the cause.
func (e *NodeError) Error() string {
	return fmt.Sprintf("node %s (%s): %s", quote(e.Node), e.Op, cut(e.Err.Error()))
}

// Unwrap gives the cause.
func (e *NodeError) Unwrap() error { return e.Err }

// at names the node where err happened.
func (n *Node) at(err error) error { return &NodeError{Node: n.Name, Op: n.OpName(), Err: err} }

// categorized reports whether err says already which kind of failure it is.
func categorized(err error) bool {
	for _, kind := range []error{ErrInvalidModel, ErrUnsupported, ErrInput, ErrLimit, ErrCanceled, ErrInternal, ErrClosed} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

// unsupportedf formats an error that wraps ErrUnsupported.
func unsupportedf(format string, args ...any) error {
	return &kindError{ErrUnsupported, fmt.Errorf(format, args...)}
}

// isUnsupported reports whether err says that tconv lacks something.
func isUnsupported(err error) bool { return errors.Is(err, ErrUnsupported) }

// as gives err the category kind, unless it has one.
func as(kind, err error) error {
	if err == nil || categorized(err) {
		return err
	}
	return &kindError{kind, err}
}

// kindError adds a category to an error without changing its words.
type kindError struct{ kind, err error }

func (e *kindError) Error() string   { return e.err.Error() }
func (e *kindError) Unwrap() []error { return []error{e.kind, e.err} }

// ShapeError says that an input has another shape or type than the model takes.
type ShapeError struct {
	Tensor    string
	Got, Want string // shapes or types as text: tensor(float)[1, 3, 8, 8]
}

// Error says what the input is and what the model wants.
func (e *ShapeError) Error() string {
	return fmt.Sprintf("input %s is %s, want %s", quote(e.Tensor), e.Got, e.Want)
}

// Unwrap lets errors.Is find ErrInput.
func (e *ShapeError) Unwrap() error { return ErrInput }
