// Package tconv runs ONNX models in pure Go. It is made for networks that turn
// small feature maps back into pictures, sound and volumes: segmentation,
// super-resolution, style transfer, GAN and VAE decoders, depth, matting,
// vocoders.
//
//	m, err := tconv.Open("unet.onnx")
//	if err != nil { ... }
//	defer m.Close()
//	x, err := tconv.Wrap(pixels, 1, 3, 256, 256)
//	out, err := m.Run(ctx, tconv.Tensors{"input": x})
//	mask, err := tconv.Data[float32](out["output"])
//
// A [Model] is immutable and may be used from any number of goroutines. Results
// agree with onnxruntime within float32 rounding and have the same bits for any
// number of threads. What a model, a file or a caller can get wrong is a typed
// error, see [ErrInvalidModel] and its siblings; nothing is skipped or
// approximated in silence.
package tconv

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"sync"

	"github.com/tconv/tconv/graph"
	"github.com/tconv/tconv/onnx"
	"github.com/tconv/tconv/ops"
)

// Version is the version of this module.
const Version = "0.1.0-dev"

// Model is a loaded model. It is safe for concurrent use.
type Model struct {
	runner *graph.Model
	path   string
	proto  *onnx.Model // without its graph, which the runner holds in its own form
	weight int64       // bytes of the constants
	inputs []Info
	output []Info
}

// Open reads a model from a file. External data is read from files below the
// model's folder only. The file is read again when inputs of new shapes need the
// weights once more; a file that changed since is an error then.
func Open(path string, opts ...Option) (*Model, error) {
	cfg, err := newConfig(opts)
	if err != nil {
		return nil, err
	}
	external, err := onnx.OpenExternalData(filepath.Dir(path), onnx.ExternalOptions{})
	if err != nil {
		return nil, ioError(path, err)
	}
	defer external.Close()
	source := graph.NewSource(func() (graph.File, error) { return openModelFile(path) })
	m, err := loadFile(source, external, cfg)
	return named(m, path, err)
}

// OpenFS reads a model from a file system: an embed.FS, an open zip. External
// data is read from the same file system, below the model's folder.
func OpenFS(fsys fs.FS, name string, opts ...Option) (*Model, error) {
	cfg, err := newConfig(opts)
	if err != nil {
		return nil, err
	}
	folder, err := fs.Sub(fsys, filepath.ToSlash(filepath.Dir(name)))
	if err != nil {
		return nil, ioError(name, err)
	}
	external := onnx.NewExternalData(folder, onnx.ExternalOptions{})
	defer external.Close()
	source := graph.NewSource(func() (graph.File, error) { return openFSFile(fsys, name) })
	m, err := loadFile(source, external, cfg)
	return named(m, name, err)
}

// Load reads a model from memory. Weights may stay where they are: data must not
// change while the model is in use. External data is refused.
func Load(data []byte, opts ...Option) (*Model, error) {
	cfg, err := newConfig(opts)
	if err != nil {
		return nil, err
	}
	m, err := load(func() (*onnx.Model, error) { return onnx.Unmarshal(data) }, nil, nil, cfg)
	return named(m, "model", err)
}

// loadFile is load of a file, which stays open meanwhile.
func loadFile(source *graph.Source, external *onnx.ExternalData, cfg *config) (*Model, error) {
	source.Hold()
	defer source.Release()
	m, err := load(source.Unmarshal, source, external, cfg)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = &kindError{ErrIO, err} // it became shorter meanwhile
	}
	if err != nil {
		return nil, err
	}
	if err := source.Settle(); err != nil {
		m.Close()
		return nil, err
	}
	return m, nil
}

// load parses, imports and prepares a model. source is nil where all of it is in memory.
func load(parse func() (*onnx.Model, error), source *graph.Source, external *onnx.ExternalData, cfg *config) (loaded *Model, err error) {
	defer func() {
		if v := recover(); v != nil {
			loaded, err = nil, fmt.Errorf("%w: panic while loading: %v", ErrInternal, v)
		}
	}()
	proto, err := parse()
	if err != nil {
		return nil, err
	}
	g, err := graph.Import(proto, graph.ImportOptions{External: external, Source: source, Limits: cfg.limits, Given: cfg.given})
	if err != nil {
		return nil, err
	}
	if err := cfg.apply(g); err != nil {
		return nil, err
	}
	m := &Model{proto: proto, inputs: infos(g, g.Inputs, nil), output: infos(g, g.Outputs, g.Declared)}
	proto.Graph = nil
	if m.runner, err = graph.NewModel(g, cfg.runOptions(source)); err != nil {
		return nil, err
	}
	m.weight = int64(m.runner.Graph().ConstBytes())
	if shapes := m.shapesOf(); cfg.eager && shapes != nil {
		if _, err := m.runner.Plan(shapes); err != nil {
			m.Close()
			return nil, err
		}
	}
	return m, nil
}

// shapesOf gives the types and shapes of the inputs where the model and the
// options tell all of them, else nil.
func (m *Model) shapesOf() []ops.Spec {
	g := m.runner.Graph()
	out := []ops.Spec{}
	for _, id := range g.Inputs {
		s := g.Value(id).Spec
		if !s.Static() {
			return nil
		}
		out = append(out, s)
	}
	return out
}

// named puts the model's path into its errors.
func named(m *Model, path string, err error) (*Model, error) {
	var known *ModelError
	switch {
	case errors.As(err, &known):
		return nil, err
	case err != nil:
		return nil, &ModelError{Path: path, Err: classify(err)}
	}
	m.path = path
	return m, nil
}

// Close waits for runs in flight, then gives memory and goroutines back. Later
// runs fail. Closing twice does nothing.
func (m *Model) Close() error { return m.runner.Close() }

// Run computes the outputs of the model for its inputs, by name. It may be called
// from any goroutine. The outputs belong to the caller; the inputs are only read,
// and only during the call.
func (m *Model) Run(ctx context.Context, in Tensors) (Tensors, error) {
	s := m.NewSession()
	defer s.Close()
	return s.Run(ctx, in)
}

// Session runs a model again and again with memory of its own, so that the steady
// state allocates nothing that grows with tensors. A session belongs to one
// goroutine at a time.
type Session struct {
	model   *Model
	session *graph.Session
	mu      sync.Mutex // a session used by two goroutines waits instead of mixing results
	in, out []*ops.Tensor
}

// NewSession opens a session; Close gives its memory back to the model.
func (m *Model) NewSession() *Session {
	return &Session{model: m, session: m.runner.NewSession()}
}

// Close gives the session's memory back to the model.
func (s *Session) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.session.Close()
}

// Run is [Model.Run] in the session's memory; the outputs are new tensors.
func (s *Session) Run(ctx context.Context, in Tensors) (Tensors, error) {
	out := make(Tensors, len(s.model.output))
	for _, o := range s.model.output {
		out[o.Name] = new(Tensor)
	}
	if err := s.RunInto(ctx, in, out); err != nil {
		return nil, err
	}
	return out, nil
}

// RunInto computes the outputs into tensors that the caller gives: those of an
// earlier run, say. Each must have the type and shape of the result; the zero
// Tensor receives memory of its own. Outputs that out leaves out are computed and
// dropped.
func (s *Session) RunInto(ctx context.Context, in, out Tensors) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.bindInputs(in); err != nil {
		return err
	}
	if err := s.bindOutputs(out); err != nil {
		return err
	}
	defer func() { // a session at rest must not keep the caller's memory alive
		clear(s.in)
		clear(s.out)
	}()
	return classify(s.session.Run(ctx, s.in, s.out))
}

// bindInputs orders the caller's inputs as the model declares them.
func (s *Session) bindInputs(in Tensors) error {
	s.in = s.in[:0]
	defaults := 0
	for i := range s.model.inputs {
		declared := s.model.inputs[i]
		t := in[declared.Name]
		if value := s.model.runner.Graph().Defaults[declared.Name]; t == nil && value != nil {
			s.in = append(s.in, value)
			defaults++
			continue
		}
		if t == nil || t.value.DType() == ops.Undefined && t.value.Kind() != ops.KindOptional {
			return s.model.inputError(fmt.Sprintf("input %q is missing", declared.Name))
		}
		s.in = append(s.in, asInput(&t.value, declared))
	}
	if len(in) > len(s.in)-defaults {
		for name := range in {
			if !hasName(s.model.inputs, name) {
				return s.model.inputError(fmt.Sprintf("the model has no input %q", name))
			}
		}
	}
	return nil
}

// bindOutputs orders the caller's outputs as the model declares them.
func (s *Session) bindOutputs(out Tensors) error {
	s.out = s.out[:0]
	found := 0
	for i := range s.model.output {
		t := out[s.model.output[i].Name]
		if t == nil {
			t = new(Tensor)
		} else {
			found++
		}
		s.out = append(s.out, &t.value)
	}
	if found < len(out) {
		for name := range out {
			if !hasName(s.model.output, name) {
				return s.model.inputError(fmt.Sprintf("the model has no output %q", name))
			}
		}
	}
	return nil
}
