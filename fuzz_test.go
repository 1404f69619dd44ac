package tconv_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/tconv/tconv"
)

// The targets of this file: go test . -run - -fuzz '^FuzzLoadRun$' -fuzzminimizetime 1x
//
// Without the last flag the fuzzer spends its time on making inputs smaller:
// which code runs depends a little on the worker pool, so it never succeeds.

// fuzzTime is how long one input may take.
const fuzzTime = time.Second

// watch panics when the input takes too long: a fuzzer reports that.
func watch(data []byte) (stop func() bool) {
	return time.AfterFunc(2*fuzzTime, func() { panic(fmt.Sprintf("%d bytes take more than %v: %x", len(data), 2*fuzzTime, data)) }).Stop
}

// addSeeds adds the small models of the tree.
func addSeeds(f *testing.F) {
	for _, s := range seedModels(f) {
		if len(s.data) < 10_000 {
			f.Add(s.data)
		}
	}
	for _, b := range greedyModels(f) {
		if data := b.bytes(); len(data) < 10_000 {
			f.Add(data)
		}
	}
	f.Add([]byte{})
}

// FuzzLoad loads any bytes: a model, or an error that is typed, within a second.
func FuzzLoad(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		defer watch(data)()
		if text := guarded(fuzzTime, func() error { return loadOnly(data, hostileOptions()...) }); text != "" {
			t.Fatal(text)
		}
	})
}

// FuzzLoadRun also runs what loads, on inputs made from a number.
func FuzzLoadRun(f *testing.F) {
	for i, s := range seedModels(f) {
		if s.small {
			f.Add(s.data, uint64(i))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, seed uint64) {
		defer watch(data)()
		if text := newMutator(nil, seed).tryMutant(data, true); text != "" {
			t.Fatal(text)
		}
	})
}

// FuzzNoDiff holds the fast path against the reference path on random networks.
func FuzzNoDiff(f *testing.F) {
	for i := range 60 {
		f.Add(uint64(1_000_000+i), uint8(i))
	}
	f.Fuzz(func(t *testing.T, seed uint64, nodes uint8) {
		b, in := randomGraph(t, seed, 1+int(nodes)%24)
		data := b.bytes()
		defer watch(data)()
		if text := checkNoDiff(t, data, in); text != "" {
			t.Fatalf("%s\n%s", text, describe(data))
		}
	})
}

// FuzzTensor reads any bytes as a tensor, and writes and reads again what came out.
func FuzzTensor(f *testing.F) {
	for _, t := range []*tconv.Tensor{wave(2, 3), vector(1, 2, 3), scalar(7)} {
		data, err := tconv.MarshalTensor(t, "name")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		first, name, err := tconv.UnmarshalTensor(data)
		if text := fault(err); text != "" {
			t.Fatal(text)
		}
		if err != nil {
			return
		}
		again, err := tconv.MarshalTensor(first, name)
		if err != nil {
			t.Fatal(err)
		}
		second, _, err := tconv.UnmarshalTensor(again)
		if err != nil || second.String() != first.String() || string(second.Bytes()) != string(first.Bytes()) {
			t.Fatalf("read %v, wrote and read %v, %v", first, second, err)
		}
	})
}
