package graph

import (
	"strings"
)

// sort puts the nodes in an order in which every value is made before it is
// read, keeping the file's order where it can. A cycle is an error that names
// its nodes.
func (g *Graph) sort() error {
	u := g.uses()
	position := make(map[*Node]int, len(g.Nodes))
	for i, n := range g.Nodes {
		position[n] = i
	}
	missing := make([]int, len(g.Nodes)) // inputs of the node that are not made yet
	readers := make([][]int32, len(g.Nodes))
	for i, n := range g.Nodes {
		for id := range given(n.Inputs) {
			if p := u.producer[id]; p != nil {
				missing[i]++
				readers[position[p]] = append(readers[position[p]], int32(i))
			}
		}
	}
	order := make([]*Node, 0, len(g.Nodes))
	ready := newReadyQueue(missing)
	for ready.len() > 0 {
		i := ready.pop()
		order = append(order, g.Nodes[i])
		for _, r := range readers[i] {
			if missing[r]--; missing[r] == 0 {
				ready.push(int(r))
			}
		}
	}
	if len(order) < len(g.Nodes) {
		return g.cycleError(u, missing)
	}
	g.Nodes = order
	return nil
}

// cycleError follows producers among the nodes that never became ready until one
// repeats.
func (g *Graph) cycleError(u *uses, missing []int) error {
	stuck := map[*Node]bool{}
	var n *Node
	for i, m := range missing {
		if m > 0 {
			stuck[g.Nodes[i]] = true
			n = g.Nodes[i]
		}
	}
	seen := map[*Node]int{}
	var path []*Node
	for {
		if at, ok := seen[n]; ok {
			path = path[at:]
			break
		}
		seen[n] = len(path)
		path = append(path, n)
		for id := range given(n.Inputs) {
			if p := u.producer[id]; p != nil && stuck[p] {
				n = p
				break
			}
		}
	}
	names := make([]string, 0, len(path)+1)
	for i := range path {
		if i == maxProblems {
			names = append(names, "...")
			break
		}
		names = append(names, quote(path[len(path)-1-i].Name))
	}
	names = append(names, names[0])
	e := &InvalidError{}
	e.add("the graph has a cycle: %s", strings.Join(names, " -> "))
	return e
}

// readyQueue hands out the smallest index first: a binary heap.
type readyQueue struct{ heap []int }

// newReadyQueue starts with every node that waits for nothing.
func newReadyQueue(missing []int) *readyQueue {
	q := &readyQueue{}
	for i, m := range missing {
		if m == 0 {
			q.heap = append(q.heap, i) // ascending, so a heap already
		}
	}
	return q
}

func (q *readyQueue) len() int { return len(q.heap) }

func (q *readyQueue) push(v int) {
	q.heap = append(q.heap, v)
	for i := len(q.heap) - 1; i > 0; {
		parent := (i - 1) / 2
		if q.heap[parent] <= q.heap[i] {
			break
		}
		q.heap[parent], q.heap[i] = q.heap[i], q.heap[parent]
		i = parent
	}
}

func (q *readyQueue) pop() int {
	top := q.heap[0]
	last := len(q.heap) - 1
	q.heap[0] = q.heap[last]
	q.heap = q.heap[:last]
	for i := 0; ; {
		child := 2*i + 1
		if child >= last {
			break
		}
		if child+1 < last && q.heap[child+1] < q.heap[child] {
			child++
		}
		if q.heap[i] <= q.heap[child] {
			break
		}
		q.heap[i], q.heap[child] = q.heap[child], q.heap[i]
		i = child
	}
	return top
}
