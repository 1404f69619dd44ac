package ops

import (
	"fmt"
	"iter"
	"slices"
	"strings"
)

// NewestOpset is the newest version of the default domain that was tested.
const NewestOpset = 27

// InternalDomain is the domain of operators that passes create. A file cannot
// name them.
const InternalDomain = "tconv"

// Def registers one operator from one version on, until its next Def: an
// operator whose inputs or rules changed has several, which may build the same Op.
type Def struct {
	Name, Domain    string   // the default domain is ""
	Since           int      // the first version of the domain with this form
	Inputs, Outputs []string // ONNX names; "B?" optional, "inputs..." variadic
	Exact           bool     // moves or compares elements, never rounds: tests use ==
	Members         bool     // takes sequences or optionals; other operators get tensors only
	Random          bool     // gives other values each time: never folded
	New             func(*Node) (Op, error)
}

var registry = map[string][]*Def{}

func registryKey(domain, name string) string {
	if domain == "ai.onnx" {
		domain = ""
	}
	return domain + "::" + name
}

// Register adds operators to the registry. It is called from init functions; a
// Def that stands there already panics.
func Register(defs ...Def) {
	for _, d := range defs {
		key := registryKey(d.Domain, d.Name)
		list := append(registry[key], &d)
		slices.SortFunc(list, func(a, b *Def) int { return a.Since - b.Since })
		for i := 1; i < len(list); i++ {
			if list[i].Since == list[i-1].Since {
				panic(fmt.Sprintf("BUG: %s-%d registered twice", d.Name, d.Since))
			}
		}
		registry[key] = list
	}
}

// Lookup finds the Def of an operator at a version of its domain. The error
// wraps [ErrUnsupported].
func Lookup(domain, name string, version int) (*Def, error) {
	list := registry[registryKey(domain, name)]
	if len(list) == 0 {
		return nil, unsupportedf("not implemented")
	}
	for _, d := range slices.Backward(list) {
		if d.Since <= version {
			return d, nil
		}
	}
	return nil, unsupportedf("version %d is not implemented, want %d or newer", version, list[0].Since)
}

// Defs yields every registered Def in order of domain, name and version.
func Defs() iter.Seq[*Def] {
	return func(yield func(*Def) bool) {
		keys := make([]string, 0, len(registry))
		for k := range registry {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		for _, k := range keys {
			for _, d := range registry[k] {
				if !yield(d) {
					return
				}
			}
		}
	}
}

// String writes the operator and its version: Resize-11, com.microsoft.Gelu-1.
func (d *Def) String() string {
	if d.Domain != "" {
		return fmt.Sprintf("%s.%s-%d", d.Domain, d.Name, d.Since)
	}
	return fmt.Sprintf("%s-%d", d.Name, d.Since)
}

// Build checks the number of inputs and outputs against the Def and runs its
// constructor.
func (d *Def) Build(n *Node) (Op, error) {
	if err := checkArity("input", d.Inputs, n.Inputs); err != nil {
		return nil, err
	}
	if err := checkArity("output", d.Outputs, n.Outputs); err != nil {
		return nil, err
	}
	op, err := d.New(n)
	if err != nil {
		return nil, err
	}
	if err := n.Err(); err != nil {
		return nil, err
	}
	return op, nil
}

// checkArity holds what a node gives against the names of a Def. Outputs may
// always be left out, inputs only where the name says so.
func checkArity(what string, names []string, given []bool) error {
	variadic := len(names) > 0 && strings.HasSuffix(names[len(names)-1], "...")
	if len(given) > len(names) && !variadic {
		for _, g := range given[len(names):] {
			if g {
				return fmt.Errorf("%d %ss, want at most %d (%s)", len(given), what, len(names), strings.Join(names, ", "))
			}
		}
	}
	if what == "output" {
		return nil
	}
	for i, name := range names {
		needed := !strings.HasSuffix(name, "?") && !strings.HasSuffix(name, "...")
		if needed && (i >= len(given) || !given[i]) {
			return fmt.Errorf("input %s is missing", name)
		}
	}
	return nil
}
