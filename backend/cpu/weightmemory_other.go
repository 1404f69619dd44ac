//go:build !linux

package cpu

import "errors"

// hasSlabs is false where the memory of arenas is the Go heap's.
const hasSlabs = false

func mapSmallPages(int) ([]byte, error) { return nil, errors.New("no memory outside the Go heap") }

func populatePages([]byte) {}

func dropWithin([]byte) {}
