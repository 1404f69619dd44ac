package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// grace is how long a canceled command may take to end in good order. A run ends within about 10 ms; loading a model
// cannot be canceled and is cut off. Together with the exit it stays under 100 ms.
const grace = 80 * time.Millisecond

// watch ends the program early: at a signal or after a time.
type watch struct {
	app    *app
	cancel context.CancelCauseFunc
	exit   func(code int)
}

func newWatch(a *app, cancel context.CancelCauseFunc) *watch {
	return &watch{app: a, cancel: cancel, exit: os.Exit}
}

// signals handles interrupts until the function it returns is called: the first one cancels, the second one exits at once.
func (w *watch) signals() (stop func()) {
	ch := make(chan os.Signal, 2)
	signal.Notify(ch, os.Interrupt, syscall.SIGTERM)
	go func() {
		if _, ok := <-ch; !ok {
			return
		}
		w.stop(errInterrupted)
		if _, ok := <-ch; ok {
			w.force(errInterrupted)
		}
	}()
	return func() {
		signal.Stop(ch)
		close(ch)
	}
}

// stop cancels the command and makes sure that the program ends.
func (w *watch) stop(cause error) {
	w.cancel(cause)
	time.AfterFunc(grace, func() { w.force(cause) })
}

// after stops the command when a time has passed; 0 is never.
func (w *watch) after(d time.Duration) {
	if d > 0 {
		time.AfterFunc(d, func() { w.stop(withHint(kindf(errTimeout, "timed out after %v", d), "--timeout sets the time")) })
	}
}

// force ends the program without waiting for anything. Half-written files are removed first.
func (w *watch) force(cause error) {
	w.app.temps.removeAll()
	w.app.report(cause)
	w.exit(exitCode(cause))
}
