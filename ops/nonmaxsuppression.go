package ops

import (
	"fmt"
	"slices"
)

// NonMaxSuppression: selected_indices = rows [batch, class, box]: of every batch entry
// and class the boxes by falling score, without those that overlap one chosen before by
// more than iou_threshold (intersection over union).
//
//	boxes: float, [N, B, 4]: center_point_box 0 (default): two opposite corners
//	[y1, x1, y2, x2]; 1: [x centre, y centre, width, height].
//	scores: float, [N, C, B]. max_output_boxes_per_class: int64, one element,
//	default 0: none. iou_threshold: float in [0, 1], default 0. score_threshold:
//	float: only scores above it count. selected_indices: int64, [selected, 3],
//	which only the run tells.
//	Of equal scores the lower index comes first; NaN comes last.
//
// https://onnx.ai/onnx/operators/onnx__NonMaxSuppression.html (versions 10, 11).
func init() {
	Register(Def{
		Name: "NonMaxSuppression", Since: 10, Exact: true,
		Inputs:  []string{"boxes", "scores", "max_output_boxes_per_class?", "iou_threshold?", "score_threshold?"},
		Outputs: []string{"selected_indices"},
		New:     func(n *Node) (Op, error) { return nonMaxSuppression{n.Bool("center_point_box", false)}, n.Err() },
	})
}

type nonMaxSuppression struct {
	centers bool
}

// Infer cannot tell the shape.
func (nonMaxSuppression) Infer(in []Spec) ([]Spec, error) {
	boxes, scores := in[0], in[1]
	if err := wantType("boxes", boxes, Float32); err != nil {
		return nil, err
	}
	if err := wantType("scores", scores, Float32); err != nil {
		return nil, err
	}
	b, s := boxes.Shape, scores.Shape
	if len(b) != 3 || len(s) != 3 || b[2] != 4 || b[0] != s[0] || b[1] != s[2] {
		return nil, fmt.Errorf("boxes has shape %v and scores %v, want [N, B, 4] and [N, C, B]", b, s)
	}
	for i, name := range []string{2: "max_output_boxes_per_class", 3: "iou_threshold", 4: "score_threshold"} {
		given := input(in, i)
		if i < 2 || given.Omitted() {
			continue
		}
		want := Float32
		if i == 2 {
			want = Int64
		}
		if err := wantType(name, given, want); err != nil {
			return nil, err
		}
		if product(given.Shape) != 1 {
			return nil, fmt.Errorf("%s has shape %v, want one element", name, given.Shape)
		}
	}
	return unknownShape(Int64)
}

// Run selects for each class.
func (o nonMaxSuppression) Run(c *Call, in, out []*Tensor) error {
	most, overlap := 0, float32(0)
	given := func(i int) bool { return i < len(in) && in[i] != nil }
	if given(2) {
		most = max(0, in[2].Ints()[0])
	}
	if given(3) {
		overlap = Data[float32](in[3])[0]
	}
	if !(overlap >= 0 && overlap <= 1) {
		return fmt.Errorf("iou_threshold is %v, want one in [0, 1]", overlap)
	}
	above := func(float32) bool { return true }
	if given(4) {
		threshold := Data[float32](in[4])[0]
		above = func(score float32) bool { return score > threshold }
	}

	n, classes, count := in[1].shape[0], in[1].shape[1], in[1].shape[2]
	corners := o.boxes(Data[float32](in[0]))
	var rows []int64
	for i := range n * classes {
		if err := c.Err(); err != nil {
			return err
		}
		scores := Data[float32](in[1])[i*count:][:count]
		for _, box := range selectBoxes(c, corners[i/classes*count:][:count], scores, most, overlap, above) {
			rows = append(rows, int64(i/classes), int64(i%classes), int64(box))
		}
	}
	y, err := c.New(Int64, Shape{len(rows) / 3, 3})
	if err != nil {
		return err
	}
	copy(Data[int64](y), rows)
	out[0] = y
	return nil
}

// box is a rectangle by its lower and upper corner.
type box struct {
	y1, x1, y2, x2 float32
}

// boxes reads the boxes in either form.
func (o nonMaxSuppression) boxes(values []float32) []box {
	out := make([]box, len(values)/4)
	for i := range out {
		v := values[i*4 : i*4+4]
		if o.centers {
			out[i] = box{v[1] - v[3]/2, v[0] - v[2]/2, v[1] + v[3]/2, v[0] + v[2]/2}
		} else {
			out[i] = box{min(v[0], v[2]), min(v[1], v[3]), max(v[0], v[2]), max(v[1], v[3])}
		}
	}
	return out
}

func (b box) area() float32 { return (b.y2 - b.y1) * (b.x2 - b.x1) }

// overlaps reports whether the intersection over union is above a threshold.
func (b box) overlaps(a box, threshold float32) bool {
	h := min(a.y2, b.y2) - max(a.y1, b.y1)
	w := min(a.x2, b.x2) - max(a.x1, b.x1)
	if h <= 0 || w <= 0 || a.area() <= 0 || b.area() <= 0 {
		return false
	}
	return h*w/(a.area()+b.area()-h*w) > threshold
}

// selectBoxes chooses greedily by falling score.
func selectBoxes(c *Call, boxes []box, scores []float32, most int, overlap float32, above func(float32) bool) []int {
	var order, picked []int
	for i, s := range scores {
		if above(s) {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch x, y := scores[a], scores[b]; {
		case x > y || x == x && y != y:
			return -1
		case x < y || x != x && y == y:
			return 1
		}
		return 0
	})
	for _, i := range order {
		if len(picked) >= most || c.stop.Load() {
			break
		}
		if !slices.ContainsFunc(picked, func(p int) bool { return boxes[i].overlaps(boxes[p], overlap) }) {
			picked = append(picked, i)
		}
	}
	return picked
}
