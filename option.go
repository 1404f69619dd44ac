package tconv

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/tconv/tconv/backend/cpu"
	"github.com/tconv/tconv/graph"
	"github.com/tconv/tconv/ops"
)

// Option is a choice made when a model is loaded. Wrong values are errors of Open.
type Option func(*config) error

// config is what the options say.
type config struct {
	threads   int
	dims      map[string]int
	shapes    map[string][]int
	keep      []string
	given     []string
	limits    graph.Limits
	reference bool
	eager     bool
	labels    bool
	kernels   *cpu.Kernels
	observe   func(Event)
	progress  func(done, total int)
	logger    *slog.Logger
}

// newConfig applies the options to the defaults and the environment.
func newConfig(opts []Option) (*config, error) {
	c := &config{dims: map[string]int{}, shapes: map[string][]int{}, eager: true}
	tier, err := cpu.TierFromEnv()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnsupported, err)
	}
	c.reference = tier == cpu.Reference
	c.kernels = cpu.KernelsFor(tier)
	algorithm, err := cpu.AlgorithmFromEnv()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnsupported, err)
	}
	if algorithm != cpu.AnyAlgorithm {
		c.kernels = c.kernels.WithConv(algorithm)
	}
	for _, o := range opts {
		if err := o(c); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// WithThreads sets how many goroutines one run may use, the caller's included;
// the default is GOMAXPROCS. Results do not depend on it.
func WithThreads(n int) Option {
	return func(c *config) error {
		if n < 1 || n > 1024 {
			return fmt.Errorf("%w: %d threads, want 1 to 1024", ErrInput, n)
		}
		c.threads = n
		return nil
	}
}

// WithDim gives a dimension that the model names, such as "batch", a value.
func WithDim(name string, n int) Option {
	return func(c *config) error {
		if n < 0 {
			return fmt.Errorf("%w: dimension %q is %d, want 0 or more", ErrInput, name, n)
		}
		c.dims[name] = n
		return nil
	}
}

// WithShape gives an input a shape, so that open dimensions are known at load.
func WithShape(input string, shape ...int) Option {
	return func(c *config) error {
		if err := ops.Shape(shape).Check(); err != nil {
			return fmt.Errorf("%w: shape of input %q: %w", ErrInput, input, err)
		}
		c.shapes[input] = shape
		return nil
	}
}

// WithMemoryLimit bounds the bytes of weights, values and outputs together; the
// default is half of the memory that the process may use.
func WithMemoryLimit(bytes int) Option {
	return func(c *config) error {
		if bytes < 1 {
			return fmt.Errorf("%w: memory limit %d, want 1 or more bytes", ErrInput, bytes)
		}
		c.limits.MemoryBytes = bytes
		return nil
	}
}

// Limits bounds what a model may make the process do; zero fields mean defaults.
type Limits = graph.Limits

// WithLimits sets all limits at once.
func WithLimits(l Limits) Option {
	return func(c *config) error {
		if l.Negative() {
			return fmt.Errorf("%w: limits %+v, want none below 0", ErrInput, l)
		}
		c.limits = l
		return nil
	}
}

// WithReference runs the plain, readable definition of every operator, without
// any rewriting: slow, and what the fast path is held against.
func WithReference() Option {
	return func(c *config) error {
		c.reference = true
		return nil
	}
}

// WithKeep makes values inside the model outputs as well: those whose names match
// a pattern, in which * stands for any text and ? for any character. It keeps them
// from being optimised away.
func WithKeep(patterns ...string) Option {
	return func(c *config) error {
		c.keep = append(c.keep, patterns...)
		return nil
	}
}

// WithReplaceable makes inputs of the runs of graph inputs that also are
// initializers: what a run does not give has the initializer's value. Without this
// option such inputs are constants, as nearly all models mean them, and are folded
// into the plan.
func WithReplaceable(inputs ...string) Option {
	return func(c *config) error {
		c.given = append(c.given, inputs...)
		return nil
	}
}

// WithObserver calls f after each step of a run, on the goroutine of the run.
func WithObserver(f func(Event)) Option {
	return func(c *config) error {
		c.observe = f
		return nil
	}
}

// WithProgress calls f after each step with how many are done, on the goroutine
// of the run.
func WithProgress(f func(done, total int)) Option {
	return func(c *config) error {
		c.progress = f
		return nil
	}
}

// WithProfileLabels names the running node in CPU profiles of runtime/pprof, by the
// labels node, op and kernel. It is meant for one run at a time: workers that several
// runs share carry the name of any of them.
func WithProfileLabels() Option {
	return func(c *config) error {
		c.labels = true
		return nil
	}
}

// WithLogger logs what loading found at level debug.
func WithLogger(l *slog.Logger) Option {
	return func(c *config) error {
		c.logger = l
		return nil
	}
}

// Precision is how exact a run computes.
type Precision string

// The precisions that this version knows.
const (
	// PrecisionHighest is float32 throughout, the default.
	PrecisionHighest Precision = "highest"
	// PrecisionExact is float32 by the direct algorithms only.
	PrecisionExact Precision = "exact"
)

// WithPrecision chooses how exact a run computes.
func WithPrecision(p Precision) Option {
	return func(c *config) error {
		switch p {
		case PrecisionHighest:
			return nil
		case PrecisionExact:
			c.kernels = c.kernels.WithConv(cpu.Direct)
			return nil
		}
		return fmt.Errorf("%w: precision %q, want %q or %q", ErrUnsupported, p, PrecisionHighest, PrecisionExact)
	}
}

// apply binds dimensions and adds the values to keep.
func (c *config) apply(g *graph.Graph) error {
	used := map[string]bool{}
	for _, id := range g.Inputs {
		v := g.Value(id)
		if err := c.bindShape(v, used); err != nil {
			return err
		}
	}
	for name := range c.dims {
		if !used["dim "+name] {
			return fmt.Errorf("%w: no input has a dimension named %q", ErrInput, name)
		}
	}
	for name := range c.shapes {
		if !used["input "+name] {
			return fmt.Errorf("%w: the model has no input %q to give a shape to", ErrInput, name)
		}
	}
	for _, p := range c.keep {
		if g.Keep(func(name string) bool { return matchName(p, name) }) == 0 {
			return fmt.Errorf("%w: no value matches %q", ErrInput, p)
		}
	}
	return nil
}

// bindShape makes dimensions of one input known.
func (c *config) bindShape(v *graph.Value, used map[string]bool) error {
	shape := v.Spec.Shape.Clone()
	for i, name := range v.Dims {
		if n, ok := c.dims[name]; ok && shape[i] == ops.Unknown {
			shape[i] = n
			used["dim "+name] = true
		}
	}
	if want, ok := c.shapes[v.Name]; ok {
		used["input "+v.Name] = true
		fits := shape == nil || slices.EqualFunc(shape, want, func(d, w int) bool { return d == ops.Unknown || d == w })
		if !fits {
			return &ShapeError{Tensor: v.Name, Got: ops.Shape(want).String(), Want: "[" + strings.Join(v.Dims, ", ") + "]"}
		}
		shape = append(ops.Shape{}, want...)
	}
	v.Spec.Shape = shape
	return nil
}

// runOptions gives the choices to the runner.
func (c *config) runOptions(source *graph.Source) graph.RunOptions {
	return graph.RunOptions{
		Source:  source,
		Kernels: c.kernels, Threads: c.threads, Reference: c.reference, Limits: c.limits, Observe: c.observer(),
		Labels: c.labels, Shaped: len(c.dims)+len(c.shapes) > 0,
	}
}

// observer joins the callbacks; nil when there are none.
func (c *config) observer() func(graph.Event) {
	if c.observe == nil && c.progress == nil {
		return nil
	}
	return func(e graph.Event) {
		if c.progress != nil {
			c.progress(e.Step+1, e.Steps)
		}
		if c.observe != nil {
			c.observe(newEvent(e))
		}
	}
}
