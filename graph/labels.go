package graph

import "runtime/pprof"

// label names the step that is about to run in the profiles of runtime/pprof: on
// this goroutine and on the workers. The result takes the name off again.
func (f *frame) label(s *Step) (remove func()) {
	run := f.call.Context()
	ctx := pprof.WithLabels(run, pprof.Labels("node", s.Node.Name, "op", s.Node.OpName(), "kernel", s.Kernel))
	pprof.SetGoroutineLabels(ctx)
	f.call.Pool().Label(ctx)
	return func() {
		pprof.SetGoroutineLabels(run)
		f.call.Pool().Label(run)
	}
}
